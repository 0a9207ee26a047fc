#!/usr/bin/env bash
# setup.sh run|dev: install what is missing, and only that. `run` is what a device needs (Python packages, tmux, the
# built pages); `dev` adds what tests and linters need. Called by every make target; the second call takes a moment.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/system.sh
source "$ROOT/tools/system.sh"
# shellcheck source=tools/python_env.sh
source "$ROOT/tools/python_env.sh"
# shellcheck source=tools/web.sh
source "$ROOT/tools/web.sh"

what=${1:-run}
case $what in run | dev) ;; *) die "setup.sh takes run or dev, not \"$what\"." ;; esac

cd "$ROOT"
ensure_system_packages "$what"
ensure_python_env "$what"
ensure_node
ensure_web_build
