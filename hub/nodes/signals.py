"""What one node tells all others: short hints on topics. Lost ones are made good by looking into the store again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from hub.nodes.bus import Bus, Message, Subscription
from hub.nodes.relay.pieces import NODE_ID_BYTES
from protocol.problems import Problem

MAX_WAITING: Final = 50_000
"""Hints that wait for their turn; with more, the oldest is dropped."""
Heard = Callable[[str, bytes], None]
"""Told the sender's node id and the body; must not block."""


class Signals:
    """Tells and hears. A node does not hear itself. Belongs to one event loop."""

    def __init__(self, bus: Bus, node_id: str) -> None:
        if len(node_id) != NODE_ID_BYTES:
            raise ValueError(f"a node's id has {NODE_ID_BYTES} characters")
        self.node_id = node_id
        self._bus = bus
        self._listeners: dict[str, list[Heard]] = {}
        self._again: list[Callable[[], None]] = []
        self._waiting: deque[tuple[str, bytes]] = deque(maxlen=MAX_WAITING)
        self._wake = asyncio.Event()
        self._subscription: Subscription | None = None
        self._sender: asyncio.Task[None] | None = None

    def on(self, topic: str, heard: Heard) -> None:
        """Hear what other nodes say on a topic."""
        self._listeners.setdefault(topic, []).append(heard)

    def on_missed(self, again: Callable[[], None]) -> None:
        """Call ``again`` when hints may have been missed: the bus was away. Look into the store then."""
        self._again.append(again)

    def tell(self, topic: str, body: bytes) -> None:
        """Tell all other nodes, soon and in order; while the bus is away nobody is told."""
        self._waiting.append((topic, body))
        self._wake.set()

    async def start(self) -> None:
        """Listen."""
        self._bus.on_change(self._changed)
        self._subscription = await self._bus.subscribe("hutch.notice.*", self._message)
        self._sender = asyncio.create_task(self._send())

    async def close(self) -> None:
        """Say what waits, then stop."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        await self._flush()
        if self._subscription is not None:
            await self._subscription.close()

    async def _send(self) -> None:
        while True:
            self._wake.clear()
            await self._flush()
            await self._wake.wait()

    async def _flush(self) -> None:
        while self._waiting:
            topic, body = self._waiting.popleft()
            try:
                await self._bus.publish(f"hutch.notice.{topic}", self.node_id.encode() + body)
            except Problem:
                # The others look into the store when the bus is back.
                continue

    async def _message(self, message: Message) -> None:
        sender = message.data[:NODE_ID_BYTES].decode("ascii", "replace")
        if sender == self.node_id:
            return
        for heard in self._listeners.get(message.subject.rpartition(".")[2], ()):
            heard(sender, message.data[NODE_ID_BYTES:])

    def _changed(self, up: bool) -> None:
        if up:
            for again in self._again:
                again()
