"""Session records in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gateway.agents.cli import Start
from gateway.events.types import AnyEvent
from gateway.sessions.records import SessionRecord
from protocol.problems import Problem, ProblemCode


class RecordsInMemory:
    """Keeps what it is given, as the store would."""

    def __init__(self) -> None:
        self.kept: dict[str, SessionRecord] = {}

    async def save(self, record: SessionRecord) -> None:
        self.kept[record.id] = record

    async def all(self) -> list[SessionRecord]:
        return list(self.kept.values())

    async def get(self, session_id: str) -> SessionRecord | None:
        return self.kept.get(session_id)

    async def delete(self, session_id: str) -> None:
        self.kept.pop(session_id, None)


class EventList:
    """An event bus that only remembers."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self._more = asyncio.Event()

    def publish(self, event: AnyEvent) -> None:
        self.events.append(event)
        self._more.set()

    def types(self) -> list[str]:
        return [event.type for event in self.events]

    async def wait(self, wanted: Callable[[AnyEvent], bool]) -> AnyEvent:
        """The first event that is wanted, past or to come."""
        while True:
            for event in self.events:
                if wanted(event):
                    return event
            self._more.clear()
            await self._more.wait()


class AgentTable:
    """Agent commands from a table."""

    def __init__(self, commands: Mapping[str, Sequence[str]] | None = None) -> None:
        self.commands = dict(commands or {})

    def command(self, agent: str) -> Sequence[str]:
        if agent not in self.commands:
            raise Problem(ProblemCode.AGENT_MISSING, f"{agent} is not installed; install it under Agents first.")
        return self.commands[agent]

    def environment(self) -> Mapping[str, str]:
        return {}

    async def terminal(self, agent: str, *, folder: Path, environment: Mapping[str, str], login: bool = False) -> Start:
        return Start(tuple(self.command(agent)), environment)
