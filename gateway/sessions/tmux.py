"""One tmux server: its socket, its configuration, and commands run as processes of their own.

Everything that happens often goes through :mod:`gateway.sessions.control_client`; what is here happens once in the
life of a session, or when the persistent client is gone.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.programs.output import printed
from gateway.programs.types import AgentsAccount
from protocol.problems import Problem, ProblemCode

SESSION = "hutch"
PANE = "%0"
WINDOW = "@0"
"""Every session has a server of its own, so the first pane and window are always these."""

MAX_SOCKET_PATH = 107
"""Bytes of a unix socket's path on Linux (unix(7): sun_path is 108 with the closing zero)."""

TIMEOUT = 5.0
"""Seconds after which a tmux command counts as stuck."""

MAX_PRINTED = 1024 * 1024
"""Bytes of the answer of a tmux command."""
MAX_SAID = 500
"""Characters of what tmux says of a failure."""

HELPER = Path(__file__).with_name("pass_descriptor.py")


def configuration(history_lines: int) -> str:
    """The tmux configuration of a session.

    A person who joins over ssh may scroll and leave, and cannot split or replace the pane that viewers look at.
    """
    return f"""\
set -g remain-on-exit on
set -g remain-on-exit-format ""
set -g status off
set -g history-limit {history_lines}
set -g window-size latest
set -g default-terminal tmux-256color
set -g update-environment ""
set -g focus-events on
set -g set-clipboard off
set -g visual-bell off
set -g bell-action none
set -s escape-time 20
setw -g automatic-rename off
setw -g allow-rename off
setw -g aggressive-resize off
unbind -a -T root
unbind -a -T prefix
bind d detach-client
bind [ copy-mode
bind PPage copy-mode -u
"""


class TmuxFailed(Exception):
    """tmux answered a command with an error, or not in time."""


@dataclass(frozen=True, slots=True)
class TmuxServer:
    """The server behind one socket, in the agents' account. ``run`` may be called whether it lives or not.

    A tmux client does what its server says, so none is ever started in the daemon's own account where agents have
    another one.
    """

    program: str
    socket: Path
    account: AgentsAccount

    def argv(self, *words: str) -> list[str]:
        """A tmux command line for this server; ``-u`` because a daemon's locale says nothing of its viewers."""
        return [self.program, "-u", "-S", str(self.socket), *words]

    async def run(self, *words: str) -> str:
        """Run one command and answer what it prints.

        Raises:
            TmuxFailed: the server is not there, refuses, or is stuck.
            Problem: ``UNAVAILABLE`` when its account cannot be reached.
        """
        return (await self.run_bytes(*words)).decode(errors="replace")

    async def run_bytes(self, *words: str) -> bytes:
        """As :meth:`run`, but the answer as it comes."""
        return await self._run(words, self.environment())

    async def start(
        self, config: Path, command: Sequence[str], workdir: Path, env: Mapping[str, str], size: tuple[int, int]
    ) -> None:
        """Start the server with one pane that runs ``command``.

        The environment is inherited by the server and from it by the pane, so no value stands in process arguments.
        """
        # tmux hands a single word to a shell; several are executed as they are.
        words = command if len(command) > 1 else ["/bin/sh", "-c", 'exec "$0"', *command]
        session = ["-f", str(config), "new-session", "-d", "-s", SESSION, "-x", str(size[0]), "-y", str(size[1])]
        await self._run([*session, "-c", str(workdir).replace("#", "##"), "--", *words], env)

    async def pipe_to(self, listener: str) -> None:
        """Have tmux hand its end of the pane's pipe to whoever listens on a unix socket of this abstract name."""
        words = ["exec", sys.executable, "-S", "-E", "-I", str(HELPER), listener]
        # The command goes through tmux's formats and strftime before it reaches a shell.
        shell = shlex.join(words).replace("%", "%%").replace("#", "##")
        await self.run("pipe-pane", "-I", "-O", "-t", PANE, shell)

    def environment(self) -> dict[str, str]:
        """What tmux's own commands get to see."""
        user = self.account.user
        path = os.environ.get("PATH", os.defpath)
        return {"PATH": path, "HOME": str(user.home), "SHELL": user.shell, "LANG": "C.UTF-8"}

    async def _run(self, words: Sequence[str], env: Mapping[str, str]) -> bytes:
        try:
            done = await printed(self.account, self.argv(*words), environment=env, seconds=TIMEOUT, limit=MAX_PRINTED)
        except FileNotFoundError as error:
            raise tmux_missing() from error
        except PermissionError as error:
            raise TmuxFailed(f"{self.program} may not be run") from error
        except TimeoutError as error:
            raise TmuxFailed(f"tmux {words[0]} did not answer within {TIMEOUT:.0f} s") from error
        if done.code != 0:
            said = done.errors.decode(errors="replace").strip()[:MAX_SAID]
            raise TmuxFailed(said or f"tmux left with {done.code}")
        return done.out


def tmux_missing() -> Problem:
    """What a person is told on a machine without tmux."""
    return Problem(ProblemCode.TMUX_MISSING, "tmux is not installed; install it with: sudo apt install tmux")
