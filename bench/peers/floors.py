"""The floors: what is possible without the things a product adds."""

from __future__ import annotations

import sys

from bench.peers.peer import Peer
from bench.processes import Server
from bench.raw_pty import RawPty
from bench.terminal import Terminal, WebSocketTerminal


class RawPtyFloor(Peer):
    """A PTY in our own process: no server, no network."""

    name = "raw PTY"

    async def start(self) -> None:
        """Nothing to start."""

    async def open(self) -> Terminal:
        """A shell on a PTY."""
        return RawPty()


class AiohttpFloor(Peer):
    """aiohttp over its own PTY: bytes both ways, nothing kept."""

    name = "aiohttp + PTY"

    async def start(self) -> None:
        """Start bench/pty_server.py."""
        command = [sys.executable, "-m", "bench.pty_server", str(self.port)]
        self.server = Server(command, self.folder, {"PYTHONPATH": ":".join(sys.path)})
        await self.server.wait_for_port(self.port)

    async def open(self) -> Terminal:
        """A socket is a shell."""
        socket = await self.client.ws_connect("/terminal", max_msg_size=0)
        return WebSocketTerminal(socket, bytes, _as_bytes)


def _as_bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message
