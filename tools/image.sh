#!/usr/bin/env bash
# image.sh ARGUMENTS: build the wheel, then the image from it (image/build). As root, on Debian 12 or 13.
# HUTCH_IMAGE_AGENTS, HUTCH_IMAGE_CACHE, HUTCH_IMAGE_KEYS, HUTCH_IMAGE_SOURCES, HUTCH_IMAGE_URL and SOURCE_DATE_EPOCH are told in docs/image.md.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" dev >&2
cd "$ROOT"
# npm brings the agent CLIs.
source tools/web.sh
ensure_node
PATH=$NODE_BIN:$PATH
cache=${HUTCH_IMAGE_CACHE:-$ROOT/.cache/image}
rm -rf "$cache/wheel"
mkdir -p "$cache/wheel"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
"$VENV/bin/python" -m build --wheel --no-isolation --outdir "$cache/wheel" . </dev/null >/dev/null
exec "$VENV/bin/python" -m image.build.main "$@"
