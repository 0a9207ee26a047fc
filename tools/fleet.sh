#!/usr/bin/env bash
# fleet.sh ARGUMENTS: set up everything, then a hub and three devices on this machine (tools/fleet.py).
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" dev
cd "$ROOT"
export PATH=$PATH:$NODE_BIN
exec "$VENV/bin/python" -m tools.fleet "$@"
