# Sourced: the virtual environment in .venv.
# shellcheck shell=bash

# ensure_python_env run|dev: what is installed may hold more than asked for, never less.
ensure_python_env() {
  local python print requirements
  python=$(find_python)
  print="$ROOT $("$python" -c 'import sys; print(sys.executable, sys.version)')"
  if ! is_fresh interpreter "$print" || ! "$VENV/bin/python" -c '' 2>/dev/null; then
    say "making .venv with $("$python" -V)"
    rm -rf "$VENV"
    "$python" -m venv "$VENV"
    stamp interpreter "$print"
  fi
  case $1 in
    run) requirements=build ;;
    dev) requirements=dev ;;
  esac
  is_installed "$requirements" || install_requirements "$requirements"
  ensure_project
}

requirements_print() { fingerprint "requirements/$1.txt"; }

is_installed() {
  is_fresh python-dev "$(requirements_print dev)" && return 0
  [ "$1" = build ] && is_fresh python-build "$(requirements_print build)"
}

install_requirements() {
  say "installing Python packages (requirements/$1.txt)"
  "$VENV/bin/python" -m pip install --quiet --require-hashes -r "requirements/$1.txt" </dev/null
  stamp "python-$1" "$(requirements_print "$1")"
}

# The project itself, editable: the `hutch` command runs the sources of this checkout.
ensure_project() {
  local print
  print=$(fingerprint pyproject.toml)
  if is_fresh project "$print" && [ -x "$VENV/bin/hutch" ]; then return; fi
  say "installing the hutch command into .venv"
  "$VENV/bin/python" -m pip install --quiet --no-deps --no-build-isolation --no-index --editable "$ROOT" </dev/null
  stamp project "$print"
}
