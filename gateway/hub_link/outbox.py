"""What waits to be written to the hub's socket: bounded, answers before terminal bytes."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

BULK_BYTES = 64 * 1024
"""Bytes of terminal output and file content that may wait: little, so that a fresh echo is not behind old output."""
ANSWER_BYTES = 8 * 1024 * 1024
"""Bytes of answers and events that may wait before the hub is taken for one that does not read."""


class LinkGone(Exception):
    """The connection is over; nobody will read what is sent."""


@dataclass(frozen=True)
class Ping:
    """A WebSocket ping with its payload; overtakes everything."""

    payload: bytes


Item = str | bytes | Ping


class Outbox:
    """Two lanes to one socket.

    Answers and events go out first and never wait for room; there are few of them, and a hub that lets them pile up
    (:attr:`overflowed`) is disconnected. Bulk (terminal frames, snapshots, file content) waits for room in the order
    of arrival, one item per stream, so that no stream starves another and a stalled socket costs no memory: the
    viewer behind the stream lags, and lagging viewers get a fresh snapshot.
    """

    def __init__(self, bulk_bytes: int = BULK_BYTES, answer_bytes: int = ANSWER_BYTES) -> None:
        self._pings: deque[Ping] = deque(maxlen=4)
        self._answers: deque[str] = deque()
        self._bulk: deque[str | bytes] = deque()
        self._answer_limit = answer_bytes
        self._bulk_limit = bulk_bytes
        self._answer_bytes = 0
        self._bulk_bytes = 0
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._closed = False
        self.overflowed = asyncio.Event()
        """Set once more than ``answer_bytes`` wait to be read."""

    @property
    def closed(self) -> bool:
        """Whether the connection is over."""
        return self._closed

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait in both lanes."""
        return self._answer_bytes + self._bulk_bytes

    def say(self, text: str) -> None:
        """Queue an answer or an event. Dropped when the connection is over."""
        if self._closed:
            return
        if self._answer_bytes + len(text) > self._answer_limit:
            self.overflowed.set()
            return
        self._answers.append(text)
        self._answer_bytes += len(text)
        self._changed.set()

    def ping(self, payload: bytes) -> None:
        """Queue a ping."""
        self._pings.append(Ping(payload))
        self._changed.set()

    async def stream(self, data: str | bytes) -> None:
        """Queue bulk once there is room for it. Raises LinkGone when the connection is over."""
        async with self._turn:
            while self._bulk_bytes >= self._bulk_limit and not self._closed:
                self._room.clear()
                await self._room.wait()
            if self._closed:
                raise LinkGone
            self._bulk.append(data)
            self._bulk_bytes += len(data)
            self._changed.set()

    async def next(self) -> Item:
        """What is to be written next. Raises LinkGone when the connection is over."""
        while not self._closed:
            if self._pings:
                return self._pings.popleft()
            if self._answers:
                text = self._answers.popleft()
                self._answer_bytes -= len(text)
                return text
            if self._bulk:
                data = self._bulk.popleft()
                self._bulk_bytes -= len(data)
                self._room.set()
                return data
            self._changed.clear()
            await self._changed.wait()
        raise LinkGone

    def close(self) -> None:
        """The connection is over: forget what waits and let everybody go who wants to add to it."""
        self._closed = True
        self._answers.clear()
        self._bulk.clear()
        self._answer_bytes = self._bulk_bytes = 0
        self._changed.set()
        self._room.set()
