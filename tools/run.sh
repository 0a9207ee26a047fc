#!/usr/bin/env bash
# run.sh ARGUMENTS: set up what a device needs, then become `hutch run ARGUMENTS`, so that signals reach the daemon.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" run
cd "$ROOT"
# Agents install with npm: the node that built the pages serves them where the machine has none.
export PATH=$PATH:$NODE_BIN
exec "$VENV/bin/hutch" run "$@"
