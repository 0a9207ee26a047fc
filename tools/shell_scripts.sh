#!/usr/bin/env bash
# shell_scripts.sh: print every shell script of the project, one a line: by name, or by its first line.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
{ git ls-files --cached --others --exclude-standard -- '*.sh'
  git ls-files --cached --others --exclude-standard -z -- | xargs -0 grep -lIE -m1 '^#!.*\b(ba|da)?sh\b' --
} | sort -u | while read -r name; do [ -f "$name" ] && [[ $name == *.sh || $(head -c 2 "$name") == '#!' ]] && printf '%s\n' "$name"; done
