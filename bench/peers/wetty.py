"""wetty: Socket.IO over its WebSocket transport, with the flow control its page does."""

from __future__ import annotations

import asyncio
import json
import os

import aiohttp

from bench.peers.peer import PEERS_FOLDER, Peer, installed, node
from bench.processes import PeerFailed, Server
from bench.terminal import COLS, ROWS, Terminal, WebSocketTerminal

COMMIT = 256 * 1024
"""Bytes after which the viewer tells the server what it has taken; the server waits at 2 MiB."""


class Wetty(Peer):
    """wetty from npm with a plain shell as its command."""

    name = "wetty"

    async def start(self) -> None:
        """Start it; only root gets a shell without ssh."""
        if os.getuid() != 0:
            raise PeerFailed("starts a shell without ssh only as root")
        main = installed(PEERS_FOLDER / "wetty" / "node_modules" / "wetty" / "build" / "main.js")
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--base", "/wetty/", "--command", "/bin/sh"]
        self.server = Server([node(), main, *options], self.folder, {"NODE_ENV": "production"})
        await self.server.wait_for_port(self.port)

    async def open(self) -> Terminal:
        """Connect as Socket.IO 4 does: open, connect, then events."""
        path = "/wetty/socket.io/?EIO=4&transport=websocket"
        terminal = WettyTerminal(await self.client.ws_connect(path, max_msg_size=0))
        await terminal.receive_message()
        await terminal.send_message("40")
        async with asyncio.timeout(10):
            while await terminal.receive_message() != '42["login"]':
                continue
        await terminal.emit("resize", {"cols": COLS, "rows": ROWS})
        return terminal


class WettyTerminal(WebSocketTerminal):
    """One Socket.IO connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        super().__init__(socket, _encode, _decode)
        self._taken = 0

    async def emit(self, event: str, value: object) -> None:
        """Send a Socket.IO event."""
        await self.send_message("42" + json.dumps([event, value]))

    async def receive(self) -> bytes:
        """The next output; answers pings and commits what was taken on the way."""
        message = await self.receive_message()
        if message == "2":
            await self.send_message("3")
            return b""
        data = _decode(message)
        self._taken += len(data)
        if self._taken >= COMMIT:
            await self.emit("commit", self._taken)
            self._taken = 0
        return data


def _encode(data: bytes) -> str:
    return "42" + json.dumps(["input", data.decode()])


def _decode(message: str | bytes) -> bytes:
    if not isinstance(message, str) or not message.startswith('42["data"'):
        return b""
    return str(json.loads(message[2:])[1]).encode()
