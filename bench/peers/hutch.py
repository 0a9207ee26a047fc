"""Hutch itself, through `hutch run`, its REST API and its terminal socket, as the page uses them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bench.peers.peer import Peer
from bench.processes import PeerFailed, Server, clean_environment
from bench.terminal import COLS, ROWS, Terminal, WebSocketTerminal

ACCOUNT = ("bench", "bench-bench-bench")
OUTPUT, INPUT = 1, 2
ACK_SECONDS = 0.2
ACK_BYTES = 64 * 1024
"""A viewer acknowledges after this long or this much, whichever comes first."""


class Hutch(Peer):
    """A device of its own on a free port."""

    name = "hutch"
    survives = True

    def __init__(self, folder: Path, program: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self._program = program
        self._settings = settings or {}
        self._opened = 0
        self._tmux: list[psutil.Process] = []
        self.token = ""

    async def start(self) -> None:
        """Make an account, start the daemon, log in."""
        if not self._program.exists():
            raise PeerFailed(f"{self._program} is not there")
        data = str(self.folder / "data")
        await self._add_account(data)
        command: list[str | Path] = [self._program, "run", "--data", data, "--listen", f"127.0.0.1:{self.port}"]
        # The other peers' shell; the person's own may do much at its start.
        self.server = Server(command, self.folder, {"HUTCH_SHELL": "/bin/sh", **self._settings})
        await self.server.wait_for_port(self.port)
        name, password = ACCOUNT
        answer = await self.call("POST", "/api/auth/login", {"username": name, "password": password})
        self.token = str(answer["access_token"])

    async def _add_account(self, data: str) -> None:
        name, password = ACCOUNT
        process = await asyncio.create_subprocess_exec(
            self._program, "user", "add", name, "--role", "admin", "--password-stdin", "--data", data,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env=clean_environment(),
        )  # fmt: skip
        output, _ = await process.communicate(f"{password}\n".encode())
        if process.returncode != 0:
            raise PeerFailed(f"hutch user add failed: {output.decode(errors='replace').strip()[-120:]}")

    @property
    def headers(self) -> dict[str, str]:
        """What a logged-in program sends."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """One REST call; PeerFailed with the problem when it is refused."""
        wait = aiohttp.ClientTimeout(20)
        async with self.client.request(method, path, json=body, headers=self.headers, timeout=wait) as answer:
            text = await answer.text()
            if answer.status >= 300:
                raise PeerFailed(f"{method} {path} answered {answer.status}: {text[:160]}")
            parsed: dict[str, Any] = json.loads(text) if text else {}
            return parsed

    async def create(self) -> str:
        """A new session with a shell; its id."""
        self._opened += 1
        body = {"name": f"bench {self._opened}", "cols": COLS, "rows": ROWS}
        session = await self.call("POST", "/api/sessions", body)
        self._remember_server(session["pid"])
        return str(session["id"])

    def _remember_server(self, pid: int) -> None:
        # The tmux server of a session is the parent of its program; it belongs to no family of the daemon's.
        server = psutil.Process(pid).parent()
        if server is not None:
            self._tmux.append(server)

    async def type(self, session: str, text: str) -> None:
        """Send input through the REST API, without a viewer."""
        data = base64.b64encode(text.encode()).decode()
        await self.call("POST", f"/api/sessions/{session}/input", {"data": data})

    async def attach(self, session: str) -> HutchTerminal:
        """A viewer of a session."""
        return await attach(self.client, session, self.token)

    async def open(self) -> Terminal:
        """A new session and a viewer of it."""
        terminal = await self.attach(await self.create())
        # What is typed before the first screen was taken is in the screen, and does not come as output.
        while not terminal.snapshots:
            await terminal.receive()
        await terminal.send_message(json.dumps({"type": "session.take_control", "schema_version": "1"}))
        return terminal

    async def _sessions(self) -> list[dict[str, Any]]:
        sessions: list[dict[str, Any]] = (await self.call("GET", "/api/sessions"))["sessions"]
        return [session for session in sessions if session["status"] not in {"ended", "failed"}]

    async def end_all(self) -> None:
        """End every session."""
        for session in await self._sessions():
            await self.call("DELETE", f"/api/sessions/{session['id']}")

    def processes(self) -> list[psutil.Process]:
        """The daemon, its control clients, and the tmux servers of the live sessions."""
        found = {process.pid: process for process in super().processes()}
        found |= {server.pid: server for server in self._tmux if server.is_running()}
        return list(found.values())

    async def stop(self) -> None:
        """End the sessions, which would outlive the daemon, then the daemon, then what is left."""
        try:
            if self.token:
                await self.end_all()
        finally:
            await super().stop()
            for server in self._tmux:
                with contextlib.suppress(psutil.NoSuchProcess):
                    server.kill()


async def attach(client: aiohttp.ClientSession, session: str, token: str) -> HutchTerminal:
    """A viewer of a session over a client of the caller's."""
    headers = {"Authorization": f"Bearer {token}"}
    socket = await client.ws_connect(f"/api/sessions/{session}/terminal", headers=headers, max_msg_size=0)
    return HutchTerminal(socket, session)


class HutchTerminal(WebSocketTerminal):
    """A viewer: takes frames, counts gaps and fresh snapshots, acknowledges what it took."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session: str) -> None:
        super().__init__(socket, self._input, self._output)
        self._session = session
        self._typed = 0
        self._next: int | None = None
        self._acked: int | None = None
        self._unacked = 0
        self._acknowledging = asyncio.create_task(self._acknowledge_now_and_then())
        self.snapshots = 0
        self.screen = ""
        """The last snapshot's content."""
        self.gaps = 0

    async def receive(self) -> bytes:
        """The next output, acknowledged in time."""
        data = await super().receive()
        self._unacked += len(data)
        if self._unacked >= ACK_BYTES:
            await self.acknowledge()
        return data

    async def _acknowledge_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(ACK_SECONDS)
            with contextlib.suppress(ConnectionError):
                await self.acknowledge()

    async def acknowledge(self) -> None:
        """Tell the device how far this viewer is, where that is news."""
        if not self._next or self._next == self._acked:
            return
        self._acked = self._next
        self._unacked = 0
        ack = {"type": "session.ack", "schema_version": "1", "session_id": self._session, "seq": self._next - 1}
        await self.send_message(json.dumps(ack))

    async def close(self) -> None:
        """Stop acknowledging and close the socket."""
        self._acknowledging.cancel()
        await super().close()

    def _input(self, data: bytes) -> bytes:
        name = self._session.encode()
        frame = struct.pack(">BB", INPUT, len(name)) + name + struct.pack(">Q", self._typed) + data
        self._typed += 1
        return frame

    def _output(self, message: str | bytes) -> bytes:
        if isinstance(message, str):
            self._event(json.loads(message))
            return b""
        start = 2 + message[1]
        (seq,) = struct.unpack_from(">Q", message, start)
        if self._next is not None and seq != self._next:
            self.gaps += 1
        self._next = seq + 1
        return message[start + 8 :]

    def _event(self, event: dict[str, object]) -> None:
        if event["type"] == "session.snapshot":
            self.snapshots += 1
            self.screen = str(event["content"])
            self._next = int(str(event["seq"]))
        elif event["type"] == "session.error":
            raise PeerFailed(f"session.error: {event.get('error')}")
