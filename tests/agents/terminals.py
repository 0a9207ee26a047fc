"""A real CLI in a real session: what it shows, what is typed, and how its status goes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from gateway.events.types import SessionChanged
from gateway.sessions.config import SessionsConfig
from gateway.sessions.manager import Sessions
from gateway.sessions.types import SessionInfo, SessionSpec, SessionStatus
from tests.agents.places import Place, endpoint
from tests.doubles.session_records import EventList, RecordsInMemory

PATIENCE = 30.0
"""Seconds for a CLI to get somewhere; opencode starts within ten on a machine that has nothing else to do."""
PACE = 0.5
"""Seconds before a key that is meant."""
PROMPTS = {
    "claude-code": "for shortcuts",
    "codex": "Ask Codex to do anything",
    "gemini": "Type your message",
    "opencode": "Ask anything",
}
"""What each shows when it can be typed to."""
_SGR = re.compile(r"\x1b\[[0-9;:]*m")


class Terminal:
    """One session with a CLI in it."""

    def __init__(self, sessions: Sessions, session_id: str, events: EventList) -> None:
        self._sessions = sessions
        self._id = session_id
        self._events = events

    @property
    def info(self) -> SessionInfo:
        """The session now."""
        return self._sessions.get(self._id)

    @property
    def statuses(self) -> list[SessionStatus]:
        """Every status it had, one after the other."""
        told: list[SessionStatus] = []
        for event in self._events.events:
            if isinstance(event, SessionChanged) and told[-1:] != [event.status]:
                told.append(event.status)
        return told

    async def type(self, text: str) -> None:
        """Type into it."""
        await self._sessions.input(self._id, text.encode())

    async def say(self, text: str) -> None:
        """Type a message and send it."""
        await self.type(text)
        await self.shows(text)
        await self.enter()

    async def enter(self) -> None:
        """Press Enter."""
        await self.press("\r")

    async def press(self, key: str) -> None:
        """Press a key, as a person does: not in the same moment in which something else was typed or shown.

        The programs measure that by the clock. Gemini takes an Enter that soon for a part of a paste, Claude Code for
        a key that was meant for what stood there before, opencode two Escapes for one key.
        """
        await asyncio.sleep(PACE)
        await self.type(key)

    async def screen(self) -> str:
        """What it shows, without colours."""
        return _SGR.sub("", (await self._sessions.snapshot(self._id)).content)

    async def shows(self, text: str) -> str:
        """The screen as soon as it has this text."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE), self._sessions.attach(self._id, name="test") as viewer:
                async for _ in viewer:
                    screen = await self.screen()
                    if text in screen:
                        return screen
        raise AssertionError(f"{text!r} is not shown, statuses {self.statuses}:\n{await self.screen()}")

    async def becomes(self, status: SessionStatus) -> SessionInfo:
        """The session as soon as it has this status."""
        seen = len(self._events.events)
        if self.info.status is status:
            return self.info
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._events.wait(
                    lambda event: (
                        isinstance(event, SessionChanged)
                        and event.status is status
                        and any(event is later for later in self._events.events[seen:])
                    )
                )
            return self.info
        raise AssertionError(f"not {status}, statuses {self.statuses}:\n{await self.screen()}")


@asynccontextmanager
async def terminal(place: Place, cli: str) -> AsyncIterator[Terminal]:
    """Start a CLI in the place as a session does; ended on the way out."""
    events = EventList()
    root = place.home.parent
    config = SessionsConfig(root / "s", root / "state", place.folder)
    sessions = Sessions(config, RecordsInMemory(), events, place.agents)
    await sessions.start()
    try:
        env = {**endpoint(cli, place.server.url), "HOME": str(place.home)}
        spec = SessionSpec(name=cli, workdir=place.folder, agent=cli, env=env, cols=100, rows=40)
        info = await sessions.create(spec)
        try:
            yield Terminal(sessions, info.id, events)
        finally:
            await sessions.end(info.id)
    finally:
        await sessions.close()
