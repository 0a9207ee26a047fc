"""The bus of a hub that is one process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

from hub.nodes.answering import Answering
from hub.nodes.bus import Handler, Message, check_pattern, check_subject
from hub.nodes.envelope import pack, unpack
from hub.nodes.refusals import late, nobody

MAX_PENDING: Final = 8192
"""Messages that may wait for one subscription; more are dropped, as NATS does with one that is too slow."""


class LocalBus:
    """Hands messages to the subscriptions of this process."""

    up = True

    def __init__(self) -> None:
        self._subscriptions: dict[str, list[LocalSubscription]] = {}
        self._answering = Answering()
        self._turn = count()

    async def request(self, subject: str, data: bytes, *, within: float) -> bytes:
        """Ask."""
        # As over a network, others get their turn first.
        await asyncio.sleep(0)
        listeners = self._listeners(check_subject(subject))
        if not listeners:
            raise nobody()
        packed = await pack(data)
        message = Message(subject, await unpack(packed), asks=True)
        first: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def answer(answered: bytes) -> None:
            if not first.done():
                first.set_result(answered)

        for listener in listeners:
            await self._answering.ask(listener.handler, message, answer)
        try:
            async with asyncio.timeout(within):
                return await unpack(await first)
        except TimeoutError:
            raise late() from None

    async def publish(self, subject: str, data: bytes) -> None:
        """Tell."""
        listeners = self._listeners(check_subject(subject))
        await pack(data)
        for listener in listeners:
            listener.put(Message(subject, data, asks=False))

    async def subscribe(self, subject: str, handler: Handler, queue: str = "") -> LocalSubscription:
        """Listen."""
        subscription = LocalSubscription(self, check_pattern(subject), handler, queue)
        self._subscriptions.setdefault(subject, []).append(subscription)
        return subscription

    def on_change(self, listener: Callable[[bool], None]) -> None:
        """It is always there: nothing to tell."""

    async def close(self) -> None:
        """Let go."""
        for subscription in [one for listed in self._subscriptions.values() for one in listed]:
            await subscription.close()
        await self._answering.close()

    def _listeners(self, subject: str) -> list[LocalSubscription]:
        found = [one for pattern in _patterns(subject) for one in self._subscriptions.get(pattern, ())]
        queues: dict[tuple[str, str], list[LocalSubscription]] = {}
        for one in found:
            if one.queue:
                queues.setdefault((one.subject, one.queue), []).append(one)
        turn = next(self._turn)
        chosen = {id(members[turn % len(members)]) for members in queues.values()}
        return [one for one in found if not one.queue or id(one) in chosen]

    def _forget(self, subscription: LocalSubscription) -> None:
        listed = self._subscriptions.get(subscription.subject, [])
        if subscription in listed:
            listed.remove(subscription)
        if not listed:
            self._subscriptions.pop(subscription.subject, None)


class LocalSubscription:
    """One subscription; a task of its own only while messages wait."""

    def __init__(self, bus: LocalBus, subject: str, handler: Handler, queue: str) -> None:
        self.subject = subject
        self.handler = handler
        self.queue = queue
        self._bus = bus
        self._waiting: deque[Message] = deque()
        self._task: asyncio.Task[None] | None = None

    def put(self, message: Message) -> None:
        """A message for the handler, after those that wait."""
        if len(self._waiting) >= MAX_PENDING:
            return
        self._waiting.append(message)
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Listen no more."""
        self._bus._forget(self)
        self._waiting.clear()
        task = self._task
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._bus._answering.tell(self.handler, self._waiting.popleft())
        finally:
            self._task = None


def _patterns(subject: str) -> Iterator[str]:
    """What may be listened to for this subject."""
    yield subject
    words = subject.split(".")
    if len(words) > 1:
        yield ".".join(words[:-1]) + ".*"
    for length in range(1, len(words)):
        yield ".".join(words[:length]) + ".>"
