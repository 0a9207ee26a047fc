#!/usr/bin/env bash
# bench-image.sh: build the image where it is not built, then measure it (bench/image). Prints one JSON.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cd "$ROOT"
cache=${HUTCH_IMAGE_CACHE:-$ROOT/.cache/image}
tools/image.sh >&2
image=$(printf '%s\n' "$ROOT"/dist/hutch-*-arm64.img | sort -V | tail -n 1)
u_boot=$(find "$cache" -path '*/u-boot/qemu_arm64/u-boot.bin' | head -n 1)
keys=${HUTCH_IMAGE_KEYS:-$ROOT/keys}
[ -f "$keys/signing.key" ] || keys=$cache/development-keys
exec "$VENV/bin/python" -m bench.image.run "$image" "$u_boot" --work "$cache/tests" --keys "$keys" "$@"
