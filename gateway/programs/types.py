"""How a program of an agent is started, wherever agents live.

Everything that agents can influence runs through :class:`Programs`: agent CLIs, their ACP adapters, tmux servers, npm,
git in a workspace. On a developer's machine agents are the daemon's own account; on the image they are another one
(decision 3 of the design), and a broker in that account starts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Protocol

from gateway.programs.chores import Chores


@dataclass(frozen=True, slots=True)
class User:
    """An account of the machine, as passwd(5) has it."""

    uid: int
    name: str
    home: Path
    shell: str


class Program(Protocol):
    """A program that was started, the leader of a process group and kernel session of its own."""

    @property
    def pid(self) -> int:
        """Its process id, in the daemon's own process namespace."""

    @property
    def returncode(self) -> int | None:
        """As in :class:`asyncio.subprocess.Process`; None while it runs."""

    async def wait(self) -> int:
        """Its exit code, negative for a signal. May be called by many, also after the end."""

    def signal_group(self, number: Signals) -> None:
        """Send a signal to every process of its group. Silent when none is left."""


class Programs(Protocol):
    """Starts programs in the agents' account."""

    async def start(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> Program:
        """Start ``command`` in ``folder`` with exactly this environment.

        The three descriptors are file descriptors of the caller, or ``subprocess.DEVNULL``; the caller still closes
        its own. The environment never stands in process arguments.

        Raises:
            FileNotFoundError: there is no such program or folder.
            PermissionError: the agents' account may not run it, or not enter the folder.
            Problem: ``UNAVAILABLE`` when the agents' account cannot be reached.
        """

    async def signal(self, pids: Iterable[int], number: Signals) -> None:
        """Send a signal to processes of the agents' account, silently leaving out those that are gone."""

    @property
    def home(self) -> Path:
        """The home folder of the account; settings and logins of the CLIs lie there."""


class AgentsAccount(Programs, Protocol):
    """The account that agents work in: what :class:`Programs` offers, and more that only that account can do."""

    @property
    def user(self) -> User:
        """Whose it is."""

    @property
    def apart(self) -> bool:
        """Whether it is another account than the daemon's own."""

    @property
    def reached(self) -> bool:
        """Whether programs can be started there now, as far as is known without a try."""

    @property
    def chores(self) -> Chores:
        """Small works done there."""

    async def close(self) -> None:
        """Let go of it."""
