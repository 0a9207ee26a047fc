#!/usr/bin/env bash
# release.sh ARGUMENTS: set up, and make a signed release in dist/ (tools/release.py). The key is RELEASE_KEY or keys/release.pem.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" dev
cd "$ROOT"
exec "$VENV/bin/python" -m tools.release --key "${RELEASE_KEY:-keys/release.pem}" "$@"
