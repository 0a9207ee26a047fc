"""terminado: JSON arrays, ``["stdin", text]`` and ``["stdout", text]``."""

from __future__ import annotations

import json
from pathlib import Path

from bench.peers.peer import PEERS_FOLDER, Peer, installed
from bench.processes import Server
from bench.terminal import COLS, ROWS, Terminal, WebSocketTerminal


class Terminado(Peer):
    """terminado from PyPI, a new terminal per socket."""

    name = "terminado"

    async def start(self) -> None:
        """Start it in its own virtual environment."""
        python = installed(PEERS_FOLDER / "terminado" / "bin" / "python")
        program = Path(__file__).parent.parent / "terminado_server.py"
        self.server = Server([python, program, str(self.port)], self.folder)
        await self.server.wait_for_port(self.port)

    async def open(self) -> Terminal:
        """A socket is a shell."""
        socket = await self.client.ws_connect("/websocket", max_msg_size=0)
        terminal = WebSocketTerminal(socket, _encode, _decode)
        await terminal.send_message(json.dumps(["set_size", ROWS, COLS]))
        return terminal


def _encode(data: bytes) -> str:
    return json.dumps(["stdin", data.decode()])


def _decode(message: str | bytes) -> bytes:
    kind, *rest = json.loads(message)
    return str(rest[0]).encode() if kind == "stdout" else b""
