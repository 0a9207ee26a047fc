#!/usr/bin/env bash
# image-smoke.sh: start the image that was built here once in QEMU, and judge it (tests/image/smoke.py). Where there is
# no image or no QEMU it says so and ends well: building an image takes longer than a test run should.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cd "$ROOT"
cache=${HUTCH_IMAGE_CACHE:-$ROOT/.cache/image}
not_run() {
  say "NOT RUN: the start of the image, because $1"
  exit 0
}

image=${HUTCH_TEST_IMAGE:-$(printf '%s\n' dist/hutch-*-arm64.img | sort -V | tail -n 1)}
[ -f "$image" ] || not_run "no image was built here (make image)"
u_boot=$(printf '%s\n' "$cache"/boot-*/tree/usr/lib/u-boot/qemu_arm64/u-boot.bin | tail -n 1)
[ -f "$u_boot" ] || not_run "$cache has no boot loader of a build"
for program in qemu-system-aarch64 qemu-img mcopy; do
  command -v "$program" >/dev/null || not_run "$program is not installed"
done
say "starting $image once"
HUTCH_TEST_IMAGE=$image exec "$VENV/bin/python" -m pytest tests/image/smoke.py -p no:cacheprovider -p no:xdist
