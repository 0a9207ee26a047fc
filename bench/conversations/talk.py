"""Deltas and turns: through the device, and by the same CLI without it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from acp.schema import AgentMessageChunk, TextContentBlock
from pydantic import BaseModel

from bench.conversations.rig import Rig, WordClock, numbered
from bench.spread import Spread
from tests.agents.talking import Listener, talking
from tests.doubles.model_server import Sent

DELTAS = 150
GAP = 0.03
"""Seconds between two deltas, about as providers send them."""
TURN_WORDS = 30
WARM_UP = 3
Say = Callable[[str], Awaitable[float]]
"""Sends a message and gives the seconds of its turn."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A turn through the device, and by the CLI alone."""

    ours: float
    alone: float

    @property
    def longer(self) -> float:
        """Per cent by which the turn through the device is longer."""
        return (self.ours / self.alone - 1) * 100


@dataclass(frozen=True, slots=True)
class Talked:
    """One CLI. Deltas in ms from the model's socket to the reader, turns in ms."""

    cli: str
    delta: Spread
    delta_direct: Spread
    turn: Pair
    instant: Pair
    """A turn whose answer takes the model no time."""


class _Timed(Listener):
    """Hears words with their times."""

    def __init__(self, clock: WordClock) -> None:
        super().__init__()
        self._clock = clock

    async def session_update(self, session_id: str, update: BaseModel, **_: object) -> None:
        if isinstance(update, AgentMessageChunk) and isinstance(update.content, TextContentBlock):
            self._clock.hear(update.content.text)


async def talked(rig: Rig, cli: str, turns: int) -> Talked:
    """Measure one CLI; through the device and without it in turns, so that a busy moment falls on both."""
    rig.teach("DELTAS", numbered(DELTAS), GAP)
    rig.teach("WARM", numbered(5))
    rig.teach("TURN", numbered(TURN_WORDS), GAP)
    rig.teach("INSTANT", numbered(TURN_WORDS))
    conversation, direct_clock = await rig.conversation(cli), WordClock()
    launch = await rig.direct(cli)
    async with talking(launch, rig.work, rig.errors, _Timed(direct_clock)) as direct:
        session = await direct.create()
        for _ in range(WARM_UP):
            await rig.turn(conversation, "please do WARM")
            await direct.say(session, "please do WARM")
        direct_clock.at.clear()
        through = await _deltas(rig, conversation)
        await direct.say(session, "please do DELTAS")
        heard = _delays(rig.sent("DELTAS"), direct_clock)

        async def ours(text: str) -> float:
            return await rig.turn(conversation, text)

        async def alone(text: str) -> float:
            begun = time.monotonic()
            await direct.say(session, text)
            return time.monotonic() - begun

        pairs = [await _pair(ours, alone, f"please do {marker}", turns) for marker in ("TURN", "INSTANT")]
    return Talked(cli, Spread.of(through), Spread.of(heard), *pairs)


async def _pair(ours: Say, alone: Say, text: str, turns: int) -> Pair:
    both = [(await ours(text), await alone(text)) for _ in range(turns)]
    return Pair(_median([one for one, _ in both]), _median([one for _, one in both]))


async def _deltas(rig: Rig, conversation: str) -> list[float]:
    clock = WordClock()
    async with rig.events(conversation) as events:
        await anext(events)
        turn = asyncio.create_task(rig.turn(conversation, "please do DELTAS"))
        async for event in events:
            if event["type"] == "message.delta":
                clock.hear(event["text"])
            elif event["type"] in {"message.added", "message.part"}:
                # A part begins with the words it has so far, and what grows comes as deltas after that.
                for part in event["message"]["parts"] if "message" in event else [event["part"]]:
                    if part["kind"] == "text":
                        clock.hear(f" {part['text']}")
            elif event["type"] == "turn.ended":
                break
        await turn
    return _delays(rig.sent("DELTAS"), clock)


def _delays(sent: Sequence[Sent], clock: WordClock) -> list[float]:
    """Milliseconds from the model to the reader. RuntimeError where a word never came."""
    lost = [number for number in range(len(sent)) if number not in clock.at]
    if lost:
        raise RuntimeError(f"{len(lost)} of {len(sent)} words never came, the first is w{lost[0]}")
    return [(clock.at[number] - piece.at) * 1000 for number, piece in enumerate(sent)]


def _median(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1000
