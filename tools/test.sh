#!/usr/bin/env bash
# test.sh ARGUMENTS: set up and run the tests, as many at once as there are cores, and one more where those are few,
# because many tests wait; ARGUMENTS go to pytest.
# The tests with real agent CLIs need those from the package registry; where it cannot be reached they are left out.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" dev
cd "$ROOT"
cores=$(nproc)
workers=$((cores > 8 ? 8 : cores < 4 ? cores + 1 : cores))
export PATH=$PATH:$NODE_BIN

# Without arguments the pages' own tests run too; with arguments only what was asked for.
if [ $# -eq 0 ]; then
  # shellcheck source=tools/web.sh
  source "$ROOT/tools/web.sh"
  ensure_web_packages
  say "running the tests of the pages' sources"
  with_node npm --prefix "$FRONTEND" run --silent test </dev/null
  # shellcheck source=tools/agents.sh
  source "$ROOT/tools/agents.sh"
  if ! ensure_agents; then
    say "NOT RUN: tests/agents, because the agent CLIs could not be installed (see above)"
    set -- --ignore tests/agents
  fi
  "$ROOT/tools/image-smoke.sh"
fi
exec "$VENV/bin/python" -m pytest -n "$workers" --dist worksteal -ra --durations 15 "$@" </dev/null
