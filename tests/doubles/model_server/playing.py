"""Plays an answer: its steps in order, each piece written down at the moment it goes out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from tests.doubles.model_server.encoder import Encoder
from tests.doubles.model_server.records import Journal, Outcome, Record, Sent
from tests.doubles.model_server.request import ModelRequest
from tests.doubles.model_server.script import (
    Answer,
    Break,
    Call,
    Cut,
    Hold,
    Pause,
    Refuse,
    RunShell,
    Say,
    Step,
    Think,
    Usage,
    WriteFile,
)
from tests.doubles.model_server.tools import resolve

CHARACTERS_FOR_A_TOKEN = 4
Write = Callable[[bytes], Awaitable[None]]


class Player:
    """One answer to one request. ``write`` sends bytes to the client, or drops them where there is no stream."""

    def __init__(self, request: ModelRequest, encoder: Encoder, record: Record, journal: Journal, write: Write) -> None:
        self._request = request
        self._encoder = encoder
        self._record = record
        self._journal = journal
        self._write = write

    async def play(self, answer: Answer) -> Outcome:
        """Play all steps; CUT where the caller has to reset the connection."""
        await self._write(self._encoder.begin(self.usage(answer)))
        for step in answer.steps:
            ended = await self._step(step)
            if ended is not None:
                return ended
        await self._write(self._encoder.end(self.usage(answer)))
        return Outcome.DONE

    def usage(self, answer: Answer) -> Usage:
        """What the script says, and estimates for the rest."""
        said = answer.usage
        given = sum(len(seen.text) for seen in self._request.history) + len(self._request.system)
        made = sum(len(sent.text) for sent in self._record.sent)
        return Usage(
            input=said.input if said.input is not None else 1 + given // CHARACTERS_FOR_A_TOKEN,
            output=said.output if said.output is not None else 1 + made // CHARACTERS_FOR_A_TOKEN,
            cached=said.cached,
            reasoning=said.reasoning,
        )

    async def _step(self, step: Step) -> Outcome | None:
        match step:
            case Say():
                await self._deltas("text", step.deltas, step.gap, self._encoder.text)
            case Think():
                await self._deltas("reasoning", step.deltas, step.gap, self._encoder.reasoning)
            case Call() | RunShell() | WriteFile():
                call = resolve(step, self._request)
                told = json.dumps({"name": call.name, "arguments": call.arguments, "text": call.text})
                await self._send("call", told, self._encoder.call(call))
            case Pause():
                await asyncio.sleep(step.seconds)
            case Hold():
                await self._journal.hold(step.gate)
            case Break():
                await self._write(self._encoder.broken(step.message))
                return Outcome.BROKEN
            case Cut():
                return Outcome.CUT
            case Refuse():
                raise ValueError("Refuse has to be the first step of an answer.")
        return None

    async def _deltas(
        self, kind: Literal["text", "reasoning"], deltas: Sequence[str], gap: float, encode: Callable[[str], bytes]
    ) -> None:
        for delta in deltas:
            if gap:
                await asyncio.sleep(gap)
            await self._send(kind, delta, encode(delta))

    async def _send(self, kind: Literal["text", "reasoning", "call"], text: str, data: bytes) -> None:
        self._record.sent.append(Sent(time.monotonic(), kind, text))
        await self._write(data)
        self._journal.changed()
