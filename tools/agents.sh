# Sourced: the pinned agent CLIs, for the tests that drive them.
# shellcheck shell=bash

# ensure_agents: install what is missing from the cache; fails where the registry cannot be reached.
ensure_agents() {
  "$VENV/bin/python" -c 'import os, sys
from tests.agents.cache import missing, prefix_in
sys.exit(bool(missing(prefix_in(os.environ))))' && return
  say "installing the agent CLIs for their tests (1.3 GB)"
  "$VENV/bin/python" -m tests.agents.cache </dev/null >/dev/null
}

# agent_workers: how many tests with a CLI run at once. The largest of the CLIs takes 0.8 GB, its test as much again.
agent_workers() {
  local memory cores
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1024 / 1536) }' /proc/meminfo)
  cores=$(nproc)
  printf '%d\n' $((memory < 1 ? 1 : memory < cores ? memory : cores))
}
