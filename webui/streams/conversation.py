"""``/api/conversations/{conversation_id}/events``: one conversation, as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web
from pydantic import BaseModel

from foundation.bus import FellBehind
from foundation.web.streams.sse import KEEP_ALIVE, SseStream, SseWriter
from gateway.events.chat import ChatEvent
from webui.api.models.conversations import OpeningEvent
from webui.context import device_of, identity_of
from webui.meters import METERS

_RESET = "event: reset\ndata: {}\n\n"


async def conversation_events(request: web.Request) -> web.StreamResponse:
    """How the conversation stands (``type: opening``), and from that moment on every event of it.

    A reader that is too slow, or comes back, begins with another opening: there is no place to go on from. The stream
    ends with the login, and when the conversation is removed.
    """
    identity, meters, stream = identity_of(request), request.app[METERS], SseStream(request)
    conversations = device_of(request).conversations
    async with (
        conversations.watch(request.match_info["conversation_id"]) as (opening, events),
        stream.open(identity.token.id, identity.token.expires_at) as writer,
    ):
        meters.event_streams += 1
        try:
            await writer.start(_data(OpeningEvent.of(opening)))
            await _send_all(writer, events)
        except FellBehind:
            await writer.send(_RESET)
        finally:
            meters.event_streams -= 1
    return stream.response


async def _send_all(writer: SseWriter, events: AsyncIterator[ChatEvent]) -> None:
    while True:
        try:
            async with asyncio.timeout(KEEP_ALIVE):
                event = await anext(events)
        except TimeoutError:
            await writer.keep_alive()
            continue
        await writer.send(_data(event))
        if event.type == "conversation.removed":
            return


def _data(model: BaseModel) -> str:
    return f"data: {model.model_dump_json()}\n\n"
