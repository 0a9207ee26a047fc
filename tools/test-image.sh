#!/usr/bin/env bash
# test-image.sh ARGUMENTS: build the image where it is not built, then start it in QEMU and judge it (tests/image).
# ARGUMENTS go to pytest: -k first_boot. HUTCH_TEST_IMAGE names another image; HUTCH_TEST_SEED and HUTCH_TEST_CUTS are
# the power cuts' seed and number; HUTCH_TEST_MACHINES is how many machines run at once, each on two cores.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v qemu-system-aarch64 >/dev/null || die "Install qemu-system-arm and qemu-utils (on Debian 12 from bookworm-backports)."
cd "$ROOT"
if [ -z "${HUTCH_TEST_IMAGE:-}" ]; then
  tools/image.sh
  HUTCH_TEST_IMAGE=$(printf '%s\n' "$ROOT"/dist/hutch-*-arm64.img | sort -V | tail -n 1)
  export HUTCH_TEST_IMAGE
fi
machines=${HUTCH_TEST_MACHINES:-$(($(nproc) < 4 ? 1 : $(nproc) / 2))}
exec "$VENV/bin/python" -m pytest tests/image -p no:cacheprovider -n "$machines" --dist worksteal -ra "$@"
