"""What clients asked and what they were sent, with times, and waiting for what is still to come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from tests.doubles.model_server.request import ModelRequest

PATIENCE = 20.0
"""Seconds a test waits for a request; a CLI that starts cold takes some."""


class Outcome(StrEnum):
    """How an exchange ended. GONE: the client hung up before the end. STRAY: a path that no API has."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    BROKEN = "broken"
    CUT = "cut"
    GONE = "gone"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class Sent:
    """A piece of an answer: what it was and when it was handed to the socket, in seconds of ``time.monotonic``."""

    at: float
    kind: Literal["text", "reasoning", "call"]
    text: str


@dataclass(slots=True)
class Record:
    """One exchange. Times are seconds of ``time.monotonic``, which all processes of a machine share."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case; credentials are replaced by their last four characters."""
    body: str
    at: float = field(default_factory=time.monotonic)
    request: ModelRequest | None = None
    sent: list[Sent] = field(default_factory=list)
    outcome: Outcome = Outcome.OPEN
    ended_at: float | None = None
    problem: str = ""

    @property
    def text(self) -> str:
        """The text that was sent."""
        return "".join(sent.text for sent in self.sent if sent.kind == "text")


class Journal:
    """Every exchange in order, and the gates that scripts hold at."""

    def __init__(self, ended: Callable[[Record], None] = lambda record: None) -> None:
        self.records: list[Record] = []
        self._ended = ended
        self._gates: dict[str, asyncio.Event] = {}
        self._held: set[str] = set()
        self._changed = asyncio.Event()

    @property
    def turns(self) -> list[Record]:
        """The requests of turns."""
        return [one for one in self.records if one.request is not None and not one.request.aside]

    @property
    def asides(self) -> list[Record]:
        """The requests of the programs' own, such as those for titles."""
        return [one for one in self.records if one.request is not None and one.request.aside]

    @property
    def strays(self) -> list[Record]:
        """The requests that no API has."""
        return [one for one in self.records if one.outcome is Outcome.STRAY]

    def add(self, record: Record) -> None:
        """Write down an exchange that begins."""
        self.records.append(record)
        self.changed()

    def close(self, record: Record, outcome: Outcome) -> None:
        """Write down how it ended."""
        record.outcome = outcome
        record.ended_at = time.monotonic()
        self._ended(record)
        self.changed()

    def changed(self) -> None:
        """Wake those who wait for something."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def hold(self, gate: str) -> None:
        """Wait at a gate; what the server does for :class:`Hold`."""
        self._held.add(gate)
        self.changed()
        await self._gate(gate).wait()

    def release(self, gate: str) -> None:
        """Open a gate, for those who wait at it and those to come."""
        self._gate(gate).set()

    async def held(self, gate: str, within: float = PATIENCE) -> None:
        """Wait until an answer stands at a gate."""
        await self.until(lambda: gate in self._held, f"an answer held at {gate}", within)

    async def until(self, done: Callable[[], bool], what: str, within: float = PATIENCE) -> None:
        """Wait until a condition over the journal holds; AssertionError after ``within`` seconds."""
        try:
            async with asyncio.timeout(within):
                while not done():
                    await self._changed.wait()
        except TimeoutError:
            last = [f"{one.method} {one.path} {one.outcome}" for one in self.records[-12:]]
            raise AssertionError(f"no {what} within {within} s; the last requests: {last}") from None

    def _gate(self, name: str) -> asyncio.Event:
        return self._gates.setdefault(name, asyncio.Event())
