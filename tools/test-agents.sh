#!/usr/bin/env bash
# test-agents.sh ARGUMENTS: install the pinned agent CLIs into their cache and run tests/agents with them against the
# scripted model; ARGUMENTS go to pytest. HUTCH_AGENTS_CACHE names another folder than .cache/agents (1.3 GB).
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/agents.sh
source "$ROOT/tools/agents.sh"

"$ROOT/tools/setup.sh" dev
cd "$ROOT"
export PATH=$PATH:$NODE_BIN
ensure_agents || die "The agent CLIs could not be installed; the lines above say why."
exec "$VENV/bin/python" -m pytest -n "$(agent_workers)" --dist worksteal -ra --durations 10 "${@:-tests/agents}" </dev/null
