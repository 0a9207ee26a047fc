"""Deltas and turns: through the device, and by the same CLI without it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Talked:
    """One CLI. Deltas in ms from the model's socket to the reader, turns in ms."""

    cli: str
    delta: Spread
    delta_direct: Spread
    turn: float
    turn_direct: float

    @property
    def overhead(self) -> float:
        """Per cent by which a turn through the device is longer."""
        return (self.turn / self.turn_direct - 1) * 100


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
    rig.teach("TURN", numbered(TURN_WORDS))
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
        alone = _delays(rig.sent("DELTAS"), direct_clock)
        ours, theirs = [], []
        for _ in range(turns):
            ours.append(await rig.turn(conversation, "please do TURN"))
            begun = time.monotonic()
            await direct.say(session, "please do TURN")
            theirs.append(time.monotonic() - begun)
    return Talked(cli, Spread.of(through), Spread.of(alone), _median(ours), _median(theirs))


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
