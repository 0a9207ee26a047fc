"""ttyd: a byte for the kind of message, then the bytes themselves."""

from __future__ import annotations

import json
import shutil

from bench.peers.peer import Peer
from bench.processes import PeerFailed, Server
from bench.terminal import COLS, ROWS, Terminal, WebSocketTerminal


class Ttyd(Peer):
    """ttyd where the machine has it."""

    name = "ttyd"

    async def start(self) -> None:
        """Start it with a writable shell."""
        program = shutil.which("ttyd")
        if program is None:
            raise PeerFailed("not installed here")
        command = [program, "--interface", "127.0.0.1", "--port", str(self.port), "--writable", "/bin/sh"]
        self.server = Server(command, self.folder)
        await self.server.wait_for_port(self.port)

    async def open(self) -> Terminal:
        """A socket is a shell; the first message gives the size."""
        socket = await self.client.ws_connect("/ws", protocols=["tty"], max_msg_size=0)
        terminal = WebSocketTerminal(socket, _encode, _decode)
        await terminal.send_message(json.dumps({"AuthToken": "", "columns": COLS, "rows": ROWS}).encode())
        return terminal


def _encode(data: bytes) -> bytes:
    return b"0" + data


def _decode(message: str | bytes) -> bytes:
    data = message.encode() if isinstance(message, str) else message
    return data[1:] if data[:1] == b"0" else b""
