#!/usr/bin/env bash
# bench-hub.sh ARGUMENTS: run bench/hub/run.py. Without nats-server (Debian's package of that name) use --servers hub,raw.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" dev
cd "$ROOT"
exec "$VENV/bin/python" -m bench.hub.run "$@"
