"""WebSockets between a browser and a device, message by message."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from aiohttp import (
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMessage,
    WSMsgType,
    WSServerHandshakeError,
    hdrs,
    web,
)
from multidict import CIMultiDict
from yarl import URL

MAX_MESSAGE: Final = 2 * 1024 * 1024
"""Bytes of one message."""
_CLOSE_SECONDS: Final = 3.0
_UNSENT_BYTES: Final = 256 * 1024
"""Bytes the kernel may hold unsent for a browser: what lies there is late, and can no longer be left out."""
_NOT_SENT: Final = frozenset({1005, 1006, 1015})
"""Close codes that no frame may carry (RFC 6455, 7.4.1)."""

Socket = web.WebSocketResponse | ClientWebSocketResponse


async def bridge(
    request: web.Request, session: ClientSession, url: URL, headers: CIMultiDict[str]
) -> web.StreamResponse:
    """Open the device's WebSocket at ``url``, then the browser's, and carry messages until one side closes.

    A device that refuses is answered with its status. Ends with the close code of whoever closed.
    """
    offered = [
        name.strip() for line in request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, ()) for name in line.split(",")
    ]
    try:
        theirs = await session.ws_connect(
            url,
            headers=headers,
            protocols=offered,
            autoping=False,
            autoclose=False,
            compress=0,
            max_msg_size=MAX_MESSAGE,
            timeout=ClientWSTimeout(ws_close=_CLOSE_SECONDS),
        )
    except WSServerHandshakeError as refused:
        return web.Response(status=refused.status if refused.status >= 400 else 502)
    async with theirs:
        ours = web.WebSocketResponse(
            protocols=[theirs.protocol] if theirs.protocol else (),
            autoping=False,
            autoclose=False,
            compress=False,
            max_msg_size=MAX_MESSAGE,
            timeout=_CLOSE_SECONDS,
        )
        await ours.prepare(request)
        _keep_unsent_small(request)
        try:
            await _carry_both(ours, theirs)
        except asyncio.CancelledError:
            await ours.close(code=4401, message=b"The login has ended. Log in again.")
            raise
        return ours


async def _carry_both(ours: web.WebSocketResponse, theirs: ClientWebSocketResponse) -> None:
    tasks = [asyncio.create_task(_carry(theirs, ours)), asyncio.create_task(_carry(ours, theirs))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Closed only when nobody reads any more: then each close also waits for the answer to it.
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    code, reason = next((end for end in ends if isinstance(end, tuple)), (1011, ""))
    for end in (ours, theirs):
        await end.close(code=code, message=reason.encode())


async def _carry(source: Socket, sink: Socket) -> tuple[int, str]:
    """Until ``source`` closes; the code and the reason to close the other one with."""
    while True:
        message: WSMessage = await source.receive()
        match message.type:
            case WSMsgType.TEXT:
                await sink.send_str(message.data)
            case WSMsgType.BINARY:
                await sink.send_bytes(message.data)
            case WSMsgType.PING:
                await sink.ping(message.data)
            case WSMsgType.PONG:
                await sink.pong(message.data)
            case WSMsgType.CLOSE:
                return _sendable(message.data), message.extra or ""
            case _:
                return 1011, ""


def _sendable(code: int | None) -> int:
    return 1000 if not code or code in _NOT_SENT else code


def _keep_unsent_small(request: web.Request) -> None:
    raw = request.get_extra_info("socket")
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if raw is not None and option is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
        raw.setsockopt(socket.IPPROTO_TCP, option, _UNSENT_BYTES)
