"""Logging an agent CLI in with its vendor's own command, in a session, with the address to open lifted out of it.

What a terminal shows is not to be trusted: an address counts when it leads to one of the CLI's own vendors, over https.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit

from gateway.agents.cli import LoginWay
from gateway.agents.installer import Agents
from gateway.events.publisher import Publisher
from gateway.events.types import AgentLogin
from gateway.sessions.types import Ended, Output, SessionInfo, SessionSpec, Snapshot, ViewerItem
from protocol.problems import Problem, ProblemCode

PATIENCE = 15.0
"""Seconds :meth:`AgentLogins.begin` waits for the address; a program on a small device takes some to start."""
MAX_ADDRESS = 2048
COLS, ROWS = 1000, 50
"""So wide that a program does not break an address into lines."""
_KEPT = 32 * 1024
_COLOURS = re.compile(r"\x1b\[[0-9;:]*m|\x1b\]8;[^\x07\x1b]*(?:\x07|\x1b\\)")
_ADDRESS = re.compile(r"https://[!-~]{4,2040}(?=[\s\x1b\x07\x00])")
_CODE = re.compile(r"[\x20-\x7e]{1,2048}\Z")

State = Literal["started", "address", "ended"]


@dataclass(frozen=True, slots=True)
class LoginState:
    """How a login stands; it ends with its session, also where it came to nothing: the CLI's own state says which."""

    agent: str
    session_id: str
    state: State
    address: str | None = None
    code: str | None = None
    """What the vendor's page asks for, where the program shows one."""


class Viewed(Protocol):
    """One who looks at a session."""

    def __aiter__(self) -> AsyncIterator[ViewerItem]:
        """What it shows."""


class LoginSessions(Protocol):
    """What is needed of :class:`gateway.sessions.manager.Sessions`."""

    async def create(self, spec: SessionSpec) -> SessionInfo:
        """Start one."""

    def attach(self, session_id: str, *, name: str, scrollback: int = 0) -> AbstractAsyncContextManager[Viewed]:
        """Look at one."""

    async def input(self, session_id: str, data: bytes) -> None:
        """Type."""


class AgentLogins:
    """The logins under way, one for each CLI. Close it before the sessions."""

    def __init__(self, agents: Agents, sessions: LoginSessions, bus: Publisher, folder: Path) -> None:
        self._agents = agents
        self._sessions = sessions
        self._bus = bus
        self._folder = folder
        self._states: dict[str, LoginState] = {}
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Condition()

    async def begin(self, agent: str, *, patience: float = PATIENCE) -> LoginState:
        """Start a login, or answer the one that runs; waits some seconds for its address.

        Raises:
            Problem: INVALID_REQUEST, AGENT_MISSING, CONFLICT where it is just being started, and what starting a
                session may raise.
        """
        way = self._agents.login_of(agent)
        if agent not in self._watching:
            spec = SessionSpec(
                name=f"Log in to {self._agents.title(agent)}", workdir=self._folder, agent=agent, login=True,
                cols=COLS, rows=ROWS, returns=False,
            )  # fmt: skip
            info = await self._sessions.create(spec)
            self._states[agent] = LoginState(agent, info.id, "started")
            self._watching[agent] = asyncio.create_task(self._watch(agent, info.id, way), name=f"login {agent}")
            self._tell(agent)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience), self._news:
                await self._news.wait_for(lambda: self._states[agent].state != "started")
        return self._states[agent]

    def state(self, agent: str) -> LoginState | None:
        """The login that runs, or the last one; None without any."""
        return self._states.get(agent)

    async def enter(self, agent: str, code: str) -> None:
        """Type what the vendor's page gave the person.

        Raises:
            Problem: NOT_FOUND without a login, INVALID_REQUEST for what cannot be typed, SESSION_ENDED.
        """
        state = self._states.get(agent)
        if state is None or state.state == "ended":
            raise Problem(ProblemCode.NOT_FOUND, "No login is under way. Start it again.")
        if not _CODE.match(code.strip()):
            raise Problem(ProblemCode.INVALID_REQUEST, "Paste the code as the page shows it, in one line.")
        await self._sessions.input(state.session_id, f"{code.strip()}\r".encode())

    async def ended(self, agent: str) -> None:
        """Wait for the end of a login; at once where none runs."""
        if (task := self._watching.get(agent)) is not None:
            await asyncio.wait([task])

    async def close(self) -> None:
        """Stop watching; the sessions go on."""
        for task in self._watching.values():
            task.cancel()
        await asyncio.gather(*self._watching.values(), return_exceptions=True)

    async def _watch(self, agent: str, session_id: str, way: LoginWay) -> None:
        seen = ""
        try:
            async with self._sessions.attach(session_id, name="login") as viewer:
                async for item in viewer:
                    if isinstance(item, Ended):
                        break
                    seen = f"{seen}{_text(item)}"[-_KEPT:]
                    await self._found(agent, address_in(seen, way.hosts), code_in(seen, way.code))
        finally:
            del self._watching[agent]
            self._states[agent] = LoginState(agent, session_id, "ended")
            self._tell(agent)
            async with self._news:
                self._news.notify_all()

    async def _found(self, agent: str, address: str | None, code: str | None) -> None:
        before = self._states[agent]
        after = replace(before, address=address or before.address, code=code or before.code)
        after = replace(after, state="address" if after.address else "started")
        if after != before:
            self._states[agent] = after
            self._tell(agent)
            async with self._news:
                self._news.notify_all()

    def _tell(self, agent: str) -> None:
        state = self._states[agent]
        self._bus.publish(AgentLogin(agent=agent, state=state.state, session_id=state.session_id))


def address_in(text: str, hosts: tuple[str, ...]) -> str | None:
    """The last whole https address in a terminal's bytes that leads to one of the hosts; to any where none is named."""
    for found in reversed(list(_ADDRESS.finditer(_COLOURS.sub("", text)))):
        address = str(found.group()).rstrip(".,;:)]}>\"'")
        if len(address) <= MAX_ADDRESS and _leads_to(address, hosts):
            return address
    return None


def code_in(text: str, pattern: str | None) -> str | None:
    """The first code of this form."""
    found = re.compile(pattern).search(_COLOURS.sub("", text)) if pattern else None
    return str(found.group()) if found else None


def _leads_to(address: str, hosts: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None:
        return False
    return not hosts or any(host == known or host.endswith(f".{known}") for known in hosts)


def _text(item: ViewerItem) -> str:
    if isinstance(item, Output):
        return item.payload.decode(errors="replace")
    # The screen from before somebody looked; its lines end like those of a terminal.
    return f"{item.content}\r\n" if isinstance(item, Snapshot) else ""
