"""A gateway of another make with a real socket, that keeps what it is told and answers as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from protocol.base import WireMessage
from protocol.codec import encode, parse_command
from protocol.commands import AnyCommand, GatewayUpdate
from protocol.events import Ack, GatewayHealth, GatewayHello, GatewayUpdated, SystemInfo

WITHIN: Final = 30.0
BACKOFF: Final = 0.1
"""Seconds between two attempts of a gateway to come back."""
C = TypeVar("C", bound=AnyCommand)


class Gateway:
    """Connects, and connects again, for as long as it is :meth:`running`."""

    def __init__(self, name: str, token: str, hub: str) -> None:
        self.name = name
        self.version = "1.0.0"
        self.told: list[AnyCommand] = []
        self.connections = 0
        self.refusals = 0
        """Attempts to connect that came to nothing."""
        self.silent_on: Callable[[AnyCommand], bool] = lambda _command: False
        """What it takes without an answer."""
        self._url = hub.replace("http", "ws", 1) + "/gw/connect"
        self._headers = {"Authorization": f"Bearer {token}", "X-Gateway-Id": name}
        self._socket: ClientConnection | None = None
        self._news = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Its life."""
        task = asyncio.create_task(self._live())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def heard(self, kind: type[C]) -> list[C]:
        """The commands of one kind, in their order."""
        return [command for command in self.told if isinstance(command, kind)]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what the hub says or does."""
        async with asyncio.timeout(WITHIN):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def say(self, message: WireMessage) -> None:
        """Tell the hub something."""
        assert self._socket is not None
        await self._socket.send(encode(message))

    async def finish_update(self, update: GatewayUpdate) -> None:
        """Say that the version is in place, and come back with it, as after a restart."""
        await self.say(GatewayUpdated(request_id=update.request_id, version=update.version))
        await self.say(Ack(request_id=update.request_id, ok=True))
        await self.restart(update.version)

    async def restart(self, version: str) -> None:
        """Leave, and come back with another version."""
        self.version = version
        assert self._socket is not None
        await self._socket.close()

    async def _live(self) -> None:
        while True:
            try:
                async with connect(self._url, additional_headers=self._headers, compression=None) as socket:
                    self._socket = socket
                    await self._serve(socket)
            except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError):
                self.refusals += 1
            self._news.set()
            await asyncio.sleep(BACKOFF)

    async def _serve(self, socket: ClientConnection) -> None:
        await self.say(self._hello())
        await self.say(self._health())
        self.connections += 1
        self._news.set()
        with suppress(ConnectionClosed):
            async for message in socket:
                if isinstance(message, str):
                    await self._obey(parse_command(message))

    async def _obey(self, command: AnyCommand) -> None:
        self.told.append(command)
        self._news.set()
        if not self.silent_on(command):
            await self.say(Ack(request_id=command.request_id, ok=True))

    def _hello(self) -> GatewayHello:
        system = SystemInfo(os="Linux", arch="x", cpus=1, ram_total_bytes=1, disk_total_bytes=1)
        return GatewayHello(gateway_id=self.name, version=self.version, hostname=self.name, system_info=system)

    def _health(self) -> GatewayHealth:
        return GatewayHealth(
            gateway_id=self.name,
            timestamp=datetime.now(UTC),
            cpu_percent=1.0,
            ram_used_bytes=1,
            ram_total_bytes=1,
            disk_used_bytes=1,
            disk_total_bytes=1,
            uptime_seconds=1,
            active_sessions=(),
        )
