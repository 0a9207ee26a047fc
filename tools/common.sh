# Sourced by the other scripts: where we are and how we speak.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=$ROOT/.venv
STAMPS=$VENV/stamps
NODE_BIN=$VENV/node/bin
FRONTEND=$ROOT/webui/frontend
export ROOT VENV STAMPS NODE_BIN FRONTEND
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf 'hutch: %s\n' "$*"; }

die() {
  printf 'hutch: %s\n' "$*" >&2
  exit 1
}

# is_fresh NAME FINGERPRINT: whether the step NAME was last done for exactly this input.
is_fresh() { [ -f "$STAMPS/$1" ] && [ "$(<"$STAMPS/$1")" = "$2" ]; }

# stamp NAME FINGERPRINT: remember that the step is done; written last, so an interrupted step is done again.
stamp() {
  mkdir -p "$STAMPS"
  printf '%s' "$2" >"$STAMPS/$1"
}

# fingerprint FILE...: one hash over names and contents.
fingerprint() { sha256sum "$@" | sha256sum | cut -d' ' -f1; }
