"""opencode: a PTY made by its REST API, then a WebSocket of text."""

from __future__ import annotations

import contextlib
from pathlib import Path

import aiohttp

from bench.peers.peer import PEERS_FOLDER, Peer, installed
from bench.processes import PeerFailed, Server
from bench.terminal import Terminal, WebSocketTerminal

QUIET = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
START_TRIES = 10


class Opencode(Peer):
    """``opencode serve`` from npm."""

    name = "opencode"
    survives = True

    async def start(self) -> None:
        """Start it with a home of its own."""
        program = installed(PEERS_FOLDER / "opencode" / "node_modules" / ".bin" / "opencode")
        command: list[str | Path] = [program, "serve", "--hostname", "127.0.0.1", "--port", str(self.port)]
        self.server = Server(command, self.folder, {**QUIET, "HOME": str(self.folder)})
        await self.server.wait_for_port(self.port)
        await self._wait_for_answer()

    async def _wait_for_answer(self) -> None:
        # A request that arrives while it starts is never answered: ask again on a new connection.
        for _ in range(START_TRIES):
            with contextlib.suppress(TimeoutError):
                async with self.client.get("/global/health", timeout=aiohttp.ClientTimeout(3)) as answer:
                    if answer.status == 200:
                        return
        raise PeerFailed("listens, but answers no request")

    async def open(self) -> Terminal:
        """Make a PTY and connect to it."""
        async with self.client.post("/pty", json={"command": "/bin/sh", "cwd": str(self.folder)}) as answer:
            if answer.status != 200:
                raise PeerFailed(f"POST /pty answered {answer.status}")
            pty = (await answer.json())["id"]
        socket = await self.client.ws_connect(f"/pty/{pty}/connect", max_msg_size=0)
        return WebSocketTerminal(socket, bytes.decode, _decode)


def _decode(message: str | bytes) -> bytes:
    # Output is text; a binary message is the position in its buffer.
    return message.encode() if isinstance(message, str) else b""
