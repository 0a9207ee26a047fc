"""Tells of one conversation, to whom it concerns.

The device's bus hears what happens now and then; the chat bus everything of every conversation; a bus of the
conversation's own everything of it, so that a flood elsewhere throws none of its viewers out.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from foundation.bus import EventBus, Subscription
from gateway.events.chat import ChatEvent, MessageAdded, MessageCompleted, MessageDelta, MessagePart
from gateway.events.publisher import Publisher

GATHER_SECONDS: Final = 0.01
"""Text that comes faster than this is gathered; what comes after a silence is told at once."""
HISTORY: Final = 1024
"""Events of one conversation that a viewer may be behind."""
_FINE: Final = (MessageAdded, MessagePart, MessageDelta, MessageCompleted)
ChatBus = EventBus[ChatEvent]


class Voice:
    """Publishes the events of one conversation in their order."""

    def __init__(self, conversation_id: str, device: Publisher, chat: ChatBus) -> None:
        self._own: ChatBus = EventBus(HISTORY)
        self._listeners = 0
        self._conversation_id = conversation_id
        self._device = device
        self._chat = chat
        self._gathered: list[str] = []
        self._part: tuple[str, str] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._told_at = -math.inf

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Subscription[ChatEvent]]:
        """Every event from now on. Entering never waits, so what is read beside it is of the same moment."""
        self.flush()
        self._listeners += 1
        try:
            async with self._own.subscribe(limit=HISTORY) as subscription:
                yield subscription
        finally:
            self._listeners -= 1
            if not self._listeners:
                # Nobody goes on from what was told before: a conversation that idles keeps none of it.
                self._own = EventBus(HISTORY)

    def publish(self, event: ChatEvent) -> None:
        """Tell, after the text that was gathered."""
        self.flush()
        self._tell(event)

    def grow(self, message_id: str, part_id: str, text: str) -> None:
        """Tell of more text of a part, at once or in a moment."""
        if self._part is not None and self._part != (message_id, part_id):
            self.flush()
        self._part = (message_id, part_id)
        self._gathered.append(text)
        loop = asyncio.get_running_loop()
        wait = self._told_at + GATHER_SECONDS - loop.time()
        if wait <= 0:
            self.flush()
        elif self._timer is None:
            self._timer = loop.call_later(wait, self.flush)

    def flush(self) -> None:
        """Tell what was gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._part is None:
            return
        (message_id, part_id), text = self._part, "".join(self._gathered)
        self._part = None
        self._gathered.clear()
        self._told_at = asyncio.get_running_loop().time()
        self._tell(
            MessageDelta(conversation_id=self._conversation_id, message_id=message_id, part_id=part_id, text=text)
        )

    def _tell(self, event: ChatEvent) -> None:
        if self._listeners:
            self._own.publish(event)
        self._chat.publish(event)
        if not isinstance(event, _FINE):
            self._device.publish(event)
