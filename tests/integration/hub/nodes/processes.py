"""Nodes as processes that a test may kill, and devices with real sockets that find another node by themselves."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from protocol.codec import encode, parse_command
from protocol.commands import AnyCommand, SessionInput, SessionSnapshotRequest
from protocol.events import Ack, GatewayHealth, SessionSnapshot
from protocol.frames import BinaryFrame, FrameKind
from tests.integration.hub.nodes.rig import AT, hello

ROOT = Path(__file__).parents[4]


class NodeProcess:
    """One node, until :meth:`kill`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port

    @classmethod
    async def start(cls, database: str, nats: str, log: Path) -> NodeProcess:
        return await asyncio.to_thread(cls._start, database, nats, log)

    @classmethod
    def _start(cls, database: str, nats: str, log: Path) -> NodeProcess:
        environment = {**os.environ, "DATABASE": database, "NATS": nats, "PYTHONPATH": str(ROOT)}
        with log.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.hub.nodes.node_process"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        while line and not line.strip().isdigit():
            line = process.stdout.readline()  # a line of the log
        assert line, f"the node did not start: {log.read_text()[-2000:]}"
        return cls(process, int(line))

    async def kill(self) -> None:
        """kill -9."""
        await asyncio.to_thread(self._kill)

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    async def post(self, http: aiohttp.ClientSession, path: str, command: AnyCommand) -> tuple[int, dict[str, object]]:
        async with http.post(f"http://127.0.0.1:{self.port}/{path}", data=encode(command)) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, http: aiohttp.ClientSession, path: str) -> bytes:
        async with http.get(f"http://127.0.0.1:{self.port}/{path}") as answer:
            return await answer.read()


class Device:
    """A gateway with a socket. It tries the nodes in turn, as a load balancer would send it on."""

    def __init__(self, device_id: str, nodes: Callable[[], list[NodeProcess]]) -> None:
        self.device_id = device_id
        self.told: list[AnyCommand] = []
        self.connections = 0
        self.at: int | None = None
        self.came = asyncio.Event()
        self.news = asyncio.Event()
        self.silent_on: Callable[[AnyCommand], bool] = lambda _command: False
        """What it takes without ever answering."""
        self._nodes = nodes

    async def run(self) -> None:
        """Stay connected until cancelled."""
        for turn in cycle(range(1_000_000)):
            nodes = self._nodes()
            node = nodes[(turn + hash(self.device_id)) % len(nodes)]
            with suppress(OSError, ConnectionClosed, InvalidHandshake):
                headers = {"Authorization": "Bearer x", "X-Gateway-Id": self.device_id}
                async with connect(
                    f"ws://127.0.0.1:{node.port}/gw/connect", additional_headers=headers, compression=None
                ) as socket:
                    await self._serve(socket, node)
            self.at = None
            self.came.clear()
            await asyncio.sleep(0)

    async def _serve(self, socket: ClientConnection, node: NodeProcess) -> None:
        await socket.send(encode(hello(self.device_id)))
        await socket.send(encode(_health(self.device_id)))
        self.connections += 1
        self.at = node.port
        self.came.set()
        async for message in socket:
            if isinstance(message, bytes):
                await self._echo(socket)
                continue
            command = parse_command(message)
            self.told.append(command)
            self.news.set()
            if self.silent_on(command):
                continue
            if isinstance(command, SessionSnapshotRequest):
                screen = SessionSnapshot(request_id=command.request_id, session_id="s-1", content="$", seq=0)
                await socket.send(encode(screen))
            await socket.send(encode(Ack(request_id=command.request_id, ok=True)))

    async def _echo(self, socket: ClientConnection) -> None:
        """A key makes the program write a lot."""
        for seq in range(16):
            await socket.send(BinaryFrame(FrameKind.OUTPUT, "s-1", seq, bytes([seq]) * 8192).encode())

    def typed(self) -> list[bytes]:
        return [command.data for command in self.told if isinstance(command, SessionInput)]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what commands bring about."""
        async with asyncio.timeout(30):
            while not holds():
                self.news.clear()
                await self.news.wait()


def _health(device_id: str) -> GatewayHealth:
    return GatewayHealth(
        gateway_id=device_id,
        timestamp=AT,
        cpu_percent=1.0,
        ram_used_bytes=1,
        ram_total_bytes=1,
        disk_used_bytes=1,
        disk_total_bytes=1,
        uptime_seconds=1,
        active_sessions=(),
    )
