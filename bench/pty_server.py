"""The floor for Python: aiohttp, one PTY per WebSocket, nothing else. Run as a program with a port."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import WSMsgType, web

from bench.raw_pty import RawPty


async def terminal(request: web.Request) -> web.WebSocketResponse:
    """Bytes both ways between the socket and a shell."""
    socket = web.WebSocketResponse(compress=False, max_msg_size=0)
    await socket.prepare(request)
    shell = RawPty()

    async def forward() -> None:
        while data := await shell.receive():
            await socket.send_bytes(data)

    forwarding = asyncio.create_task(forward())
    try:
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                await shell.send(message.data)
    finally:
        forwarding.cancel()
        await shell.close()
    return socket


def main() -> None:
    """Serve on the port given as the argument, loopback only."""
    app = web.Application()
    app.router.add_get("/terminal", terminal)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
