"""cloudcli: an account, then JSON over its shell socket."""

from __future__ import annotations

import json
from pathlib import Path

from bench.peers.peer import PEERS_FOLDER, Peer, installed, node
from bench.processes import PeerFailed, Server
from bench.terminal import COLS, ROWS, Terminal, WebSocketTerminal


class Cloudcli(Peer):
    """cloudcli from npm, its plain shell."""

    name = "cloudcli"
    survives = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._token = ""
        self._opened = 0

    async def start(self) -> None:
        """Start it and make the one account it has."""
        package = PEERS_FOLDER / "cloudcli" / "node_modules" / "@cloudcli-ai" / "cloudcli"
        program = installed(package / "dist-server" / "server" / "index.js")
        env = {
            "SERVER_PORT": str(self.port),
            "HOST": "127.0.0.1",
            "HOME": str(self.folder),
            "DATABASE_PATH": str(self.folder / "auth.db"),
        }
        self.server = Server([node(), program], self.folder, env)
        await self.server.wait_for_port(self.port)
        account = {"username": "bench", "password": "bench-bench-bench"}
        async with self.client.post("/api/auth/register", json=account) as answer:
            body = await answer.json()
            if answer.status != 200:
                raise PeerFailed(f"register answered {answer.status}: {body}")
            self._token = body["token"]

    async def open(self) -> Terminal:
        """A socket asks for a shell; the session id keeps shells apart."""
        socket = await self.client.ws_connect(f"/shell?token={self._token}", max_msg_size=0)
        terminal = WebSocketTerminal(socket, _encode, _decode)
        self._opened += 1
        first = {
            "type": "init",
            "projectPath": str(self.folder),
            "sessionId": f"bench-{self._opened}",
            "isPlainShell": True,
            "initialCommand": "exec /bin/sh",
            "cols": COLS,
            "rows": ROWS,
        }
        await terminal.send_message(json.dumps(first))
        return terminal


def _encode(data: bytes) -> str:
    return json.dumps({"type": "input", "data": data.decode()})


def _decode(message: str | bytes) -> bytes:
    body = json.loads(message)
    return str(body["data"]).encode() if body.get("type") == "output" else b""
