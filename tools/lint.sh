#!/usr/bin/env bash
# lint.sh: every linter and type checker, all of them even when one fails; the last lines say which failed.
set -uo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
"$ROOT/tools/setup.sh" dev || exit 1
cd "$ROOT" || exit 1
source tools/web.sh
ensure_web_packages || exit 1

failed=()
check() {
  local name=$1
  shift
  printf '== %s\n' "$name"
  "$@" </dev/null || failed+=("$name")
}

in_frontend() { with_node npm --prefix "$FRONTEND" run --silent "$1"; }

mapfile -t shell_scripts < <(tools/shell_scripts.sh)
bin=$VENV/bin
check "ruff check" "$bin/ruff" check .
check "ruff format" "$bin/ruff" format --check .
check "mypy" "$bin/mypy" .
check "import-linter" "$bin/lint-imports"
check "shellcheck" "$bin/shellcheck" --external-sources "${shell_scripts[@]}"
check "schema drift" "$bin/python" -m protocol.generate --check
check "type drift" in_frontend types:check
check "tsc" in_frontend check
check "eslint" in_frontend lint

if [ ${#failed[@]} -gt 0 ]; then
  die "these checks failed: ${failed[*]}"
fi
say "every check passed"
