"""Waking an agent before there is a message for it: a CLI takes a second or two to start, and a person to write."""

from __future__ import annotations

import asyncio

import structlog

from gateway.conversations.awake import Places
from gateway.conversations.live import Live, now
from gateway.conversations.lives import Lives
from gateway.conversations.waking import Waker

_log = structlog.get_logger(__name__)


class Warmer:
    """Wakes agents where there is room: a free place, or that of one that has been idle for ``spare_seconds``.

    Nobody who was just at work is put to sleep for a message that may never come.
    """

    def __init__(self, lives: Lives, places: Places, waker: Waker, spare_seconds: float) -> None:
        self._spare_seconds = spare_seconds
        self._lives = lives
        self._places = places
        self._waker = waker

    def warm(self, live: Live) -> None:
        """Begin, unless its agent is awake or soon will be. What goes wrong is told with the message."""
        if not live.busy and live.agent is None:
            live.warming = asyncio.create_task(self._warm(live.id), name=f"waking {live.id}")

    async def give_up(self, live: Live) -> None:
        """Leave off."""
        if live.warming is not None:
            live.warming.cancel()
            await asyncio.wait({live.warming})
            # One that had not even begun does not do it itself.
            live.warming = None

    async def _warm(self, conversation_id: str) -> None:
        async with self._lives.hold(conversation_id) as live:
            try:
                if await self._places.take_spare(live, self._is_spare):
                    woken = await self._waker.wake(live)
                    live.to_introduce = live.to_introduce or woken.fresh
                    live.warmed_at = now()
            except BaseException as error:
                await self._waker.put_to_sleep(live)
                await self._places.give_up(live)
                if not isinstance(error, Exception):
                    raise
                _log.info(
                    "an agent was not woken ahead of its message", cli=live.kept.conversation.cli, problem=str(error)
                )
            finally:
                live.warming = None
                await self._places.idle()

    def _is_spare(self, live: Live) -> bool:
        return live.idle_seconds >= self._spare_seconds
