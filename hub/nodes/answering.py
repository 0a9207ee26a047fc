"""Handlers at work: questions side by side up to a number, and what they say as packed answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from hub.nodes.bus import Handler, Message
from hub.nodes.envelope import pack, pack_problem
from protocol.problems import Problem, ProblemCode

MAX_AT_ONCE: Final = 8192
"""Questions that one node works on at a time."""
_LOG = structlog.get_logger("hub.nodes")
Answer = Callable[[bytes], Awaitable[None]]


class Answering:
    """Runs the handlers of one bus."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, handler: Handler, message: Message, answer: Answer) -> None:
        """Let the handler answer, without waiting for it; over the limit the answer is TOO_MANY."""
        if len(self._tasks) >= MAX_AT_ONCE:
            await answer(pack_problem(_busy()))
            return
        task = asyncio.create_task(self._answer(handler, message, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def tell(self, handler: Handler, message: Message) -> None:
        """Let the handler take a message that asks nothing, and wait until it has."""
        try:
            await handler(message)
        except Problem as problem:
            _LOG.info("a message of another node was refused", subject=message.subject, problem=str(problem))
        except Exception:
            _LOG.exception("a message of another node could not be handled", subject=message.subject)

    async def close(self) -> None:
        """Stop what runs; its askers get no answer."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, handler: Handler, message: Message, answer: Answer) -> None:
        try:
            packed = await pack(await handler(message) or b"")
        except Problem as problem:
            packed = pack_problem(problem)
        except Exception:
            _LOG.exception("a question of another node could not be handled", subject=message.subject)
            packed = pack_problem(_failed())
        try:
            await answer(packed)
        except Problem as problem:
            # The asker sees the bus go, too, or its time end.
            _LOG.info("an answer could not be given", subject=message.subject, problem=str(problem))


def _busy() -> Problem:
    return Problem(
        ProblemCode.TOO_MANY, "The device's node has too much to do. Try again in a moment.", {"sent": False}
    )


def _failed() -> Problem:
    return Problem(ProblemCode.INTERNAL, "The device's node failed at this. See its log.", {"sent": True})
