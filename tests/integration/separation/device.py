"""A whole device whose agents have an account of their own, and the socket by which root may ask it anything."""

from __future__ import annotations

import asyncio
import base64
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from tests.device_process import DeviceProcess
from tests.integration.separation.accounts import AGENTS, Accounts, as_daemon, environment, python

SECONDS = 30.0


@dataclass(frozen=True)
class Answered:
    """What the device answered."""

    status: int
    body: bytes
    json: object

    @property
    def code(self) -> str:
        """The code of a problem; empty for a success."""
        match self.json:
            case {"error": {"code": str(code)}}:
                return code
        return ""


class Device:
    """The daemon and the broker, each in its account."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.broker: subprocess.Popen[bytes] | None = None
        settings = {
            "HUTCH_AGENT_USER": AGENTS.pw_name,
            "HUTCH_BROKER": str(accounts.broker_socket),
            "HUTCH_WORKSPACE": str(accounts.work),
            "HUTCH_AGENTS": str(accounts.home / "agents"),
            "HUTCH_AUTHORIZED_KEYS": str(accounts.data / "ssh" / "authorized_keys"),
            "HUTCH_SHELL": "/bin/sh",
            "HUTCH_LOG_FORMAT": "json",
            "DATABASE_PASSWORD": "never to be seen",
        }
        self.process = DeviceProcess(accounts.data, environment(accounts.data, settings), as_daemon(), str(python()))

    def start_broker(self) -> None:
        """Start the broker."""
        self.broker = self.accounts.broker()

    def end_broker(self) -> None:
        """Kill it as a crash does."""
        if self.broker is not None:
            self.broker.kill()
            self.broker.wait()

    def close(self) -> None:
        """End both."""
        self.process.close()
        self.end_broker()

    async def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, data: bytes | None = None
    ) -> Answered:
        """Ask the daemon over its console's socket, which takes its own account and root."""
        connector = aiohttp.UnixConnector(path=str(self.accounts.data / "console.sock"))
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as client,
            client.request(method, f"http://localhost{path}", json=body, data=data) as answer,
        ):
            content = await answer.read()
            parsed = await answer.json() if answer.content_type == "application/json" else None
            return Answered(answer.status, content, parsed)

    async def session(self, **fields: object) -> str:
        """Start a session; its id."""
        answer = await self.call("POST", "/api/sessions", {"name": "work", **fields})
        assert answer.status == 201, answer
        match answer.json:
            case {"id": str(session)}:
                return session
        raise AssertionError(answer)

    async def type(self, session: str, line: str) -> None:
        """Type a line and Enter."""
        data = base64.b64encode(f"{line}\r".encode()).decode()
        answer = await self.call("POST", f"/api/sessions/{session}/input", {"data": data})
        assert answer.status < 300, answer

    async def screen(self, session: str) -> str:
        """What the session shows."""
        answer = await self.call("GET", f"/api/sessions/{session}/snapshot")
        match answer.json:
            case {"content": str(content)}:
                return content
        return ""

    async def shows(self, session: str, text: str) -> None:
        """Wait until the screen has the text on it."""
        async with asyncio.timeout(SECONDS):
            while text not in await self.screen(session):
                pass


@asynccontextmanager
async def device(accounts: Accounts) -> AsyncIterator[Device]:
    """A device that runs."""
    made = Device(accounts)
    made.start_broker()
    try:
        await asyncio.to_thread(made.process.start)
        yield made
    finally:
        await asyncio.to_thread(made.close)
