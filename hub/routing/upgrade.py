"""From an HTTP request to a socket of our own: the handshake of RFC 6455, and the leave of the HTTP server.

A device stays connected for weeks. What an HTTP server keeps for a request (parser, request, tasks) costs more memory
than the link itself, so the transport gets another protocol (``asyncio.Transport.set_protocol``) and the request ends.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Final

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from hub.routing.socket import LinkSocket
from protocol.problems import Problem, ProblemCode

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_ANSWER: Final = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n"
)


class Handed(web.StreamResponse):
    """What the handler returns after :func:`upgrade`: the answer was sent, the transport belongs to somebody else."""

    def __init__(self) -> None:
        super().__init__(status=101)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Nothing is to be sent."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is to be sent."""


def check(request: web.Request) -> str:
    """The ``Sec-WebSocket-Accept`` of a good handshake. Raises Problem(INVALID_REQUEST)."""
    headers = request.headers
    connection = {token.strip().lower() for token in headers.get(hdrs.CONNECTION, "").split(",")}
    if headers.get(hdrs.UPGRADE, "").strip().lower() != "websocket" or "upgrade" not in connection:
        raise Problem(ProblemCode.INVALID_REQUEST, "This address is a WebSocket. Open it as one.")
    key = headers.get(hdrs.SEC_WEBSOCKET_KEY, "").strip()
    try:
        good = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        good = False
    if not good or headers.get(hdrs.SEC_WEBSOCKET_VERSION, "").strip() != "13":
        raise Problem(ProblemCode.INVALID_REQUEST, "The WebSocket handshake is not one of version 13 (RFC 6455).")
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()


def upgrade(request: web.Request, make: Callable[[asyncio.Transport], LinkSocket]) -> LinkSocket:
    """Answer 101 and take the transport over; return :class:`Handed` from the handler afterwards.

    Raises Problem(INVALID_REQUEST), and ConnectionResetError when the peer is gone already.
    """
    accept = check(request)
    protocol, transport = request.protocol, request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the peer is gone")
    transport.write(_ANSWER.format(accept).encode("ascii"))
    link = make(transport)
    transport.set_protocol(link)
    # As far as the HTTP server goes the connection is over; it must not close what is not its own any more.
    protocol.transport = None
    protocol.connection_lost(None)
    if not transport.is_reading():
        transport.resume_reading()
    return link
