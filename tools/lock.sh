#!/usr/bin/env bash
# lock.sh [--upgrade]: compile requirements/*.txt from pyproject.toml, every file with hashes and for every platform.
# A version already locked stays unless --upgrade is given.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" dev
cd "$ROOT"

# compile NAME WHAT...: WHAT is a file of dependencies or --group NAME.
compile() {
  local name=$1
  shift
  say "compiling requirements/$name.txt"
  "$VENV/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url \
    --no-emit-find-links --custom-compile-command "make lock" "${options[@]}" "$@" -o "requirements/$name.txt"
}

options=("$@")
compile runtime pyproject.toml
compile build pyproject.toml --group build
compile dev pyproject.toml --extra hub --group dev
compile bench --group bench
