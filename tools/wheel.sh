#!/usr/bin/env bash
# wheel.sh: build the wheel into dist/ and try it in a fresh environment, from outside the checkout.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$ROOT/tools/setup.sh" dev
cd "$ROOT"
rm -rf dist
say "building the wheel"
"$VENV/bin/python" -m build --wheel --no-isolation --outdir dist . </dev/null >/dev/null
wheel=$(echo dist/*.whl)
outside=$(mktemp -d -t hutch-wheel.XXXXXX)
trap 'rm -rf "$outside"' EXIT
say "trying $wheel in a fresh environment"
"$VENV/bin/python" -m venv "$outside/venv"
"$outside/venv/bin/python" -m pip install --quiet --require-hashes -r requirements/runtime.txt </dev/null
"$outside/venv/bin/python" -m pip install --quiet --no-deps --no-index "$ROOT/$wheel" </dev/null
cp tools/check_wheel.py "$outside/"
cd "$outside"
env -u PYTHONPATH "$outside/venv/bin/python" -I "$outside/check_wheel.py" "$outside"
