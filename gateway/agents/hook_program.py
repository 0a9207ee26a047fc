"""The program by which an agent CLI tells its session what it does: a few lines of shell, because it runs often.

It writes one line into the FIFO that ``HUTCH_HOOK`` names, short enough to be written in one piece (PIPE_BUF, pipe(7)),
and never fails, waits or prints: a hook that does so disturbs the CLI.
"""

from __future__ import annotations

from gateway.agents.cli import OwnFile

VARIABLE = "HUTCH_HOOK"
"""The path of the session's FIFO."""
NAME = "hutch-hook"
MAX_DATA = 2400
"""Bytes of a hook's own JSON that are passed on."""

_TEXT = f"""#!/bin/sh
# {NAME} CLI EVENT: tells Hutch what an agent CLI does. The hook's JSON comes on standard input.
if [ ! -p "${{{VARIABLE}:-}}" ]; then
  cat >/dev/null
  exit 0
fi
data=$({{ head -c {MAX_DATA}; cat >/dev/null; }} | base64 | tr -d '\\n')
# Opened for reading too, so that it does not wait for a reader that is not there.
printf '{{"cli":"%s","event":"%s","data":"%s"}}\\n' "$1" "$2" "$data" 1<>"${VARIABLE}"
exit 0
"""

HOOK_PROGRAM = OwnFile(NAME, _TEXT, executable=True)


def command_for(cli: str, event: str) -> str:
    """What a CLI is to run at an event; found on PATH, so that it is the same on every device."""
    return f"{NAME} {cli} {event}"
