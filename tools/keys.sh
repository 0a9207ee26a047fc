#!/usr/bin/env bash
# keys.sh [FOLDER]: make the keys that releases are signed with, in FOLDER, in HUTCH_IMAGE_KEYS or in keys/.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" run >&2
cd "$ROOT"
exec "$VENV/bin/python" -m image.build.keys "${1:-${HUTCH_IMAGE_KEYS:-$ROOT/keys}}"
