"""A conversation as its viewers see it: how it stands, and from that moment on all that happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from foundation.bus import FellBehind, Subscription
from gateway.conversations.live import Live
from gateway.conversations.permissions import Permissions
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.service import Opening
from gateway.conversations.types import Turn, TurnState
from gateway.events.chat import ChatEvent, TurnEnded

LAST_MESSAGES: Final = 50
"""Messages that an opening brings; older ones are asked for."""
ENDED: Final = frozenset({TurnState.DONE, TurnState.CANCELLED, TurnState.FAILED})


@asynccontextmanager
async def watch(
    live: Live, messages: MessageRecords, permissions: Permissions
) -> AsyncIterator[tuple[Opening, AsyncIterator[ChatEvent]]]:
    """As in :class:`gateway.conversations.service.ConversationService`."""
    async with live.voice.listen() as subscription:
        # All of this belongs to the moment of the subscription: nothing waits until the store is asked.
        conversation, turn, last_id = live.shown(), turn_of(live), live.last_message_id
        growing = None if live.turning is None else live.turning.message()
        asked = tuple(permissions.of(live.id))
        stored = await messages.page(live.id, limit=LAST_MESSAGES)
        found = [one for one in stored if one.id <= last_id and (growing is None or one.id != growing.id)]
        if growing is not None:
            found = sorted([*found, growing], key=lambda one: one.id)
        yield Opening(conversation, found, asked, turn), _Events(subscription)


async def until_ended(live: Live, turn_id: str) -> None:
    """Wait until a turn is over that runs here or waits to run; come back at once for any other."""
    while _runs(live, turn_id):
        with suppress(FellBehind):
            async with live.voice.listen() as subscription:
                async for published in subscription:
                    event = published.event
                    if isinstance(event, TurnEnded) and event.turn_id == turn_id:
                        return


def _runs(live: Live, turn_id: str) -> bool:
    if live.turning is not None and live.turning.id == turn_id:
        return True
    return live.runner is not None and any(one.turn.id == turn_id for one in live.queue)


def turn_of(live: Live) -> Turn | None:
    """The running turn, or the last one."""
    if live.turning is not None:
        return live.turning.kept.turn
    return None if live.last_turn is None else live.last_turn.turn


class _Events(AsyncIterator[ChatEvent]):
    """The events of a subscription. No generator, which would be over when a wait for the next one is given up."""

    def __init__(self, subscription: Subscription[ChatEvent]) -> None:
        self._subscription = subscription

    async def __anext__(self) -> ChatEvent:
        return (await anext(self._subscription)).event
