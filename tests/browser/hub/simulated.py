"""A device without hardware: speaks the real wire over a real WebSocket, as a gateway with a bearer token."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from protocol.base import WireMessage
from protocol.codec import encode, parse_command
from protocol.commands import GatewayUpdate, SessionAck, SessionInput, SessionResize, SessionSnapshotRequest
from protocol.events import (
    Ack,
    ActiveSession,
    GatewayHealth,
    GatewayHello,
    GatewayUpdated,
    GatewayUpdateFailed,
    Permission,
    Rollback,
    SessionSnapshot,
    SessionState,
    SystemInfo,
)

GIB = 2**30


@dataclass(frozen=True)
class Looks:
    """What a simulated device says of itself."""

    name: str
    version: str = "1.3.2"
    model: str = "Raspberry Pi 4 Model B"
    cpu: float = 14.0
    ram: float = 0.34
    disk: float = 0.41
    heat: float | None = 48.0
    throttled: bool = False
    sessions: tuple[tuple[str, str, SessionState, str], ...] = ()
    """Name, agent, status, title."""
    allows: tuple[Permission, ...] | None = None
    rollback: Rollback | None = None
    refuses_updates: str = ""
    """What it says of every update; empty for one that takes them."""


@dataclass
class SimulatedDevice:
    """One device; :meth:`run` is its life until it is cancelled."""

    looks: Looks
    token: str
    url: str
    size: tuple[int, int] = (80, 24)
    """Of every terminal, in characters."""
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has greeted."""

    async def run(self, http: ClientSession) -> None:
        """Connect, greet, answer; come back with the new version after an update."""
        while True:
            again = await self._once(http)
            if not again:
                return

    async def _once(self, http: ClientSession) -> bool:
        headers = {"Authorization": f"Bearer {self.token}", "X-Gateway-Id": self.looks.name}
        async with http.ws_connect(f"{self.url}/gw/connect", headers=headers) as socket:
            await _say(socket, self._hello())
            await _say(socket, self._health())
            self.settled.set()
            async for message in socket:
                if message.type is WSMsgType.TEXT and await self._answer(socket, message.data):
                    return True
        return False

    async def _answer(self, socket: ClientWebSocketResponse, text: str) -> bool:
        """Whether it has to start anew now."""
        command = parse_command(text)
        if isinstance(command, SessionResize):
            self.size = (command.cols, command.rows)
        if isinstance(command, SessionSnapshotRequest):
            await _say(socket, _screen(command, self.size))
        if isinstance(command, SessionSnapshotRequest | SessionResize | SessionInput | SessionAck):
            await _say(socket, Ack(request_id=command.request_id, ok=True))
            return False
        if not isinstance(command, GatewayUpdate):
            await _say(socket, Ack(request_id=command.request_id, ok=False, error="This one does not do that."))
            return False
        if self.looks.refuses_updates:
            await _say(socket, GatewayUpdateFailed(request_id=command.request_id, error=self.looks.refuses_updates))
            await _say(socket, Ack(request_id=command.request_id, ok=False, error=self.looks.refuses_updates))
            return False
        await _say(socket, GatewayUpdated(request_id=command.request_id, version=command.version))
        await _say(socket, Ack(request_id=command.request_id, ok=True))
        self.looks = replace(self.looks, version=command.version)
        return True

    def _hello(self) -> GatewayHello:
        looks = self.looks
        return GatewayHello(
            gateway_id=looks.name,
            version=looks.version,
            hostname=looks.name,
            system_info=SystemInfo(
                os="Debian GNU/Linux 13", arch="aarch64", cpus=4, ram_total_bytes=8 * GIB, disk_total_bytes=64 * GIB
            ),
            features=("policy/1",),
            model=looks.model,
            allows=looks.allows,
            rollback=looks.rollback,
        )

    def _health(self) -> GatewayHealth:
        looks, now = self.looks, datetime.now(UTC)
        sessions = [
            ActiveSession(
                session_id=f"{index:08x}",
                last_activity_at=now - timedelta(minutes=3 * index),
                name=name,
                agent=agent or None,
                status=status,
                title=title,
                workdir="/var/lib/hutch/workspace",
            )
            for index, (name, agent, status, title) in enumerate(looks.sessions, 1)
        ]
        return GatewayHealth(
            gateway_id=looks.name,
            timestamp=now,
            cpu_percent=looks.cpu,
            ram_used_bytes=int(looks.ram * 8 * GIB),
            ram_total_bytes=8 * GIB,
            disk_used_bytes=int(looks.disk * 64 * GIB),
            disk_total_bytes=64 * GIB,
            uptime_seconds=86400 * 3 + int(3600 * math.pi),
            active_sessions=tuple(sessions),
            temperature_celsius=looks.heat,
            throttled=looks.throttled,
        )


_SCREEN = (
    "\x1b[1mGarden sensors\x1b[0m  \x1b[2m9 of 9 answer\x1b[0m",
    "",
    "  \x1b[32m✓\x1b[0m garden-1  12.4 °C  41 %",
    "  \x1b[32m✓\x1b[0m garden-2  12.1 °C  44 %",
    "  \x1b[33m!\x1b[0m garden-9   3.8 °C  \x1b[33m78 %\x1b[0m",
    "",
    "\x1b[36m╭────────────────────────────────╮\x1b[0m",
    "\x1b[36m│\x1b[0m Send garden-9 to the field?    \x1b[36m│\x1b[0m",
    "\x1b[36m│\x1b[0m \x1b[1m1. Yes\x1b[0m   2. No, look first     \x1b[36m│\x1b[0m",
    "\x1b[36m╰────────────────────────────────╯\x1b[0m",
    "\x1b[35m>\x1b[0m ",
)


def _screen(command: SessionSnapshotRequest, size: tuple[int, int]) -> SessionSnapshot:
    """What stands on every terminal of a simulated device."""
    return SessionSnapshot(
        request_id=command.request_id,
        session_id=command.session_id,
        content="\r\n".join(_SCREEN),
        cols=size[0],
        rows=size[1],
        cursor_x=2,
        cursor_y=len(_SCREEN) - 1,
        cursor_visible=True,
        alternate_on=False,
        seq=0,
        scrollback=0,
        modes="",
        title="",
    )


async def _say(socket: ClientWebSocketResponse, message: WireMessage) -> None:
    await socket.send_str(encode(message))


@asynccontextmanager
async def living(devices: list[SimulatedDevice]) -> AsyncIterator[dict[str, asyncio.Task[None]]]:
    """The devices, connected; cancel a task by its device's name and that one is gone."""
    async with ClientSession() as http, asyncio.TaskGroup() as group:
        tasks = {device.looks.name: group.create_task(device.run(http)) for device in devices}
        for device in devices:
            await device.settled.wait()
        try:
            yield tasks
        finally:
            for task in tasks.values():
                task.cancel()
