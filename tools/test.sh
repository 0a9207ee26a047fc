#!/usr/bin/env bash
# test.sh ARGUMENTS: set up and run the tests, as many at once as there are cores; ARGUMENTS go to pytest.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" dev
cd "$ROOT"
cores=$(nproc)
workers=$((cores > 8 ? 8 : cores))
export PATH=$PATH:$NODE_BIN
exec "$VENV/bin/python" -m pytest -n "$workers" --dist worksteal "$@" </dev/null
