"""A program in the place of Claude Code: it notes how it was started, runs hooks when told, and can log in."""

from __future__ import annotations

from pathlib import Path

KEY = "sk-ant-of-nobody-0123456789abcdef"
ADDRESS = "https://claude.ai/oauth/authorize?client=x&state=y"
_SOURCE = f"""#!/bin/sh
if [ "$1" = auth ]; then
  env > login-environment
  printf 'Open %s now.\\r\\nPaste the code: ' '{ADDRESS}'
  read -r code
  printf '%s' "$code" > entered
  exit 0
fi
printf '%s\\n' "$@" > arguments
env > environment
hook() {{ printf '%s' "$2" | hutch-hook claude-code "$1"; }}
while read -r event data; do hook "$event" "$data"; done
"""


def put_claude(folder: Path) -> Path:
    """Put it there."""
    program = folder / "claude"
    program.write_text(_SOURCE)
    program.chmod(0o755)
    return program


def variables(file: Path) -> dict[str, str]:
    """What ``env`` wrote."""
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value for name, found, value in pairs if found}
