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

# pi-gen's own layout has one system partition: what is about slots, the data partition and updates stays behind.
overlay=$repo/image/overlay
while read -r name; do
  install -D -m "$(stat -c %a "$overlay/$name")" "$overlay/$name" "${ROOTFS_DIR}/$name"
done <"$stage/files/overlay.list"
for unit in hutch.service hutch-agents.service; do
  for folder in packaging image/units; do
    [ -f "$repo/$folder/$unit" ] || continue
    install -m 644 "$repo/$folder/$unit" "${ROOTFS_DIR}/usr/lib/systemd/system/$unit"
    break
  done
done
