"""Terminal output on a viewer's socket: written at once where the viewer keeps up, else when it reads again.

A queue and a task that wakes for every frame cost a quarter more (docs/decisions/0021-hub-routing.md).
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from aiohttp import web

from foundation.websocket import Opcode, head
from protocol.frames import FrameKind, frame_head

UNWRITTEN_BYTES: Final = 64 * 1024
"""Bytes that may wait in the transport before a viewer counts as one that does not keep up."""


class Numbered(Protocol):
    """A frame of output."""

    @property
    def seq(self) -> int:
        """Its number."""
        ...

    @property
    def payload(self) -> bytes:
        """What the terminal shows."""
        ...


class OutputWriter:
    """Writes the output of one session to one socket; the socket is prepared, and compresses nothing.

    aiohttp writes whole frames in one go, so what is written here stands between two of them, never inside one.
    """

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, session_id: str) -> None:
        self._ws = ws
        self._transport = transport
        self._head = frame_head(FrameKind.OUTPUT, session_id)

    def write(self, frame: bytes) -> bool:
        """Write a frame of the wire now; False when the viewer does not keep up or is gone, and nothing was done."""
        transport = self._transport
        if transport is None or self._ws.closed or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > UNWRITTEN_BYTES:
            return False
        transport.write(head(Opcode.BINARY, len(frame)) + frame)
        return True

    async def send(self, frame: Numbered) -> None:
        """Write a frame, and wait until the viewer reads where it does not. Raises ConnectionError."""
        await self._ws.send_bytes(self._head + frame.seq.to_bytes(8, "big") + frame.payload)
