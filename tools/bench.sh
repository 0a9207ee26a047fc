#!/usr/bin/env bash
# bench.sh ARGUMENTS: install the peers where they install, Hutch from its own wheel, and run bench/run.py; with the
# first argument "conversations", and without arguments after it, bench/conversations/run.py with the agent CLIs.
# A peer that cannot be installed is left out; the table says so.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" dev
cd "$ROOT"
PEERS=$ROOT/bench/.peers
export PATH=$NODE_BIN:$PATH
mkdir -p "$PEERS"

# python_env NAME REQUIREMENTS: a virtual environment of its own.
python_env() {
  local folder=$PEERS/$1 print
  print=$(fingerprint "requirements/$2.txt")
  is_fresh "bench-$1" "$print" && [ -x "$folder/bin/python" ] && return
  say "installing $1 for the benches"
  rm -rf "$folder"
  "$VENV/bin/python" -m venv "$folder" &&
    "$folder/bin/python" -m pip install --quiet --require-hashes -r "requirements/$2.txt" </dev/null &&
    stamp "bench-$1" "$print"
}

# npm_peer NAME PACKAGE: node-pty is compiled where it has no binary for this Node, against the headers that came with it.
npm_peer() {
  local folder=$PEERS/$1
  is_fresh "bench-$1" "$2" && [ -d "$folder/node_modules" ] && return
  say "installing $1 for the benches"
  rm -rf "$folder"
  mkdir -p "$folder"
  npm_config_nodedir=$(dirname "$(dirname "$(readlink -f "$NODE_BIN/node")")") \
    npm --prefix "$folder" install --no-audit --no-fund --loglevel=error "$2" </dev/null >"$folder/install.log" 2>&1 &&
    stamp "bench-$1" "$2"
}

conversations() {
  # shellcheck source=tools/agents.sh
  source "$ROOT/tools/agents.sh"
  ensure_agents || die "The agent CLIs could not be installed; the lines above say why."
  "$VENV/bin/python" -m bench.conversations.run "$@"
}

hutch_from_wheel() {
  python_env hutch runtime
  "$VENV/bin/python" -m build --wheel --no-isolation --outdir "$PEERS/wheel" . </dev/null >/dev/null
  "$PEERS/hutch/bin/python" -m pip install --quiet --no-deps --no-index --force-reinstall "$PEERS"/wheel/*.whl </dev/null
}

rm -rf "$PEERS/wheel"
hutch_from_wheel
if [ "${1:-}" = conversations ]; then
  conversations "${@:2}"
  exit
fi
python_env terminado bench || say "terminado did not install"
npm_peer wetty wetty@3.2.0 || say "wetty did not install; see $PEERS/wetty/install.log"
npm_peer cloudcli @cloudcli-ai/cloudcli@1.37.3 || say "cloudcli did not install; see $PEERS/cloudcli/install.log"
npm_peer opencode opencode-ai@1.18.33 || say "opencode did not install; see $PEERS/opencode/install.log"
"$VENV/bin/python" -m bench.run "$@"
if [ $# -eq 0 ]; then conversations; fi
