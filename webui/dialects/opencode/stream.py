"""``/event`` and ``/global/event``: what happens in the conversations, as it happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final, get_args

from aiohttp import web

from foundation.bus import FellBehind, Subscription
from foundation.web.streams.sse import SseStream, SseWriter
from gateway.events.chat import ChatEvent
from gateway.events.types import AnyEvent
from webui.context import identity_of
from webui.dialects.opencode import shapes
from webui.dialects.opencode.context import OpenCode, opencode_of
from webui.dialects.opencode.events import EventTranslator
from webui.dialects.opencode.folders import asked_folder

HEARTBEAT: Final = 10.0
"""Seconds of silence after which the stream says that it lives, as ``opencode serve`` does."""
BEHIND: Final = 1000
"""Events that may wait for a reader before it is cut off; it then lists the sessions anew, as after any cut."""
_CHAT: Final = get_args(ChatEvent)

Shape = Callable[[shapes.Event], object]


async def events(request: web.Request) -> web.StreamResponse:
    """Events of the sessions in the asked folder, or of all."""
    return await _stream(request, lambda told: told, asked_folder(request))


async def global_events(request: web.Request) -> web.StreamResponse:
    """Events of all sessions, each with the folder it belongs to."""
    root = str(opencode_of(request).workspace.root)
    return await _stream(request, lambda told: {"directory": root, "payload": told}, None)


async def _stream(request: web.Request, shape: Shape, folder: Path | None) -> web.StreamResponse:
    opencode, identity, stream = opencode_of(request), identity_of(request), SseStream(request)
    async with stream.open(identity.token.id, identity.token.expires_at) as writer:
        await _Reader(writer, opencode, shape, folder).run()
    return stream.response


class _Reader:
    def __init__(self, writer: SseWriter, opencode: OpenCode, shape: Shape, folder: Path | None) -> None:
        self._writer = writer
        self._bus = opencode.bus
        self._shape = shape
        self._translator = EventTranslator(opencode.conversations, opencode.version, folder)

    async def run(self) -> None:
        """Until the reader goes away or falls behind: the stream then ends, and clients come back by themselves."""
        async with self._bus.subscribe(limit=BEHIND) as subscription:
            await self._send(self._translator.connected())
            try:
                while True:
                    await self._next(subscription)
            except FellBehind:
                return

    async def _next(self, subscription: Subscription[AnyEvent]) -> None:
        try:
            async with asyncio.timeout(HEARTBEAT):
                event = (await anext(subscription)).event
        except TimeoutError:
            await self._send(self._translator.heartbeat())
            return
        if isinstance(event, _CHAT):
            async for told in self._translator.translate(event):
                await self._send(told)

    async def _send(self, event: shapes.Event) -> None:
        await self._writer.send(f"data: {json.dumps(self._shape(event), separators=(',', ':'))}\n\n")
