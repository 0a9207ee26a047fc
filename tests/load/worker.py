"""One process of simulated clients: ``python -m tests.load.worker SPEC`` with a JSON of :class:`Spec`.

Prints ``ready`` once everything is connected, waits for a line, works, and prints one JSON object with what it found.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import sys
import time
from dataclasses import dataclass
from typing import Final, Literal

import uvloop

from tests.load.devices import Device, Viewer
from tests.load.dialects import DIALECTS, MAX_DEVICES, MAX_SECONDS

Work = Literal["idle", "answer", "pace", "flood", "view"]
_IP_BIND_ADDRESS_NO_PORT: Final = 24
"""ip(7): choose the port at connect. Without it ports that wait (TIME_WAIT) for any peer are used up."""
_CONNECTING: Final = 200
"""Connections opened at a time."""
CONNECT_SECONDS: Final = 30.0
HEALTH_EVERY: Final = 30.0


@dataclass(frozen=True, slots=True)
class Spec:
    """What a worker does: ``count`` clients from number ``first`` on, for ``seconds``."""

    work: Work
    server: str
    port: int
    first: int
    count: int
    seconds: float
    source: str = "127.0.0.1"
    frame_bytes: int = 1024
    frames_per_second: float = 20.0
    connect_within: float = 0.0
    """Seconds over which the connects are spread; 0: as fast as they are answered."""


async def dial(spec: Spec) -> socket.socket:
    """A socket to the server, from the address of the spec; the kernel may use its ports for several peers."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        sock.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((spec.source, 0))
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", spec.port))
    except BaseException:
        sock.close()
        raise
    return sock


async def connect(spec: Spec) -> list[Device] | list[Viewer]:
    """Open all connections. Raises ConnectionError when one is refused."""
    loop = asyncio.get_running_loop()
    dialect = DIALECTS[spec.server]()
    gate = asyncio.Semaphore(_CONNECTING)

    async def one(number: int) -> Device | Viewer:
        async with gate:
            client = Viewer(number, dialect) if spec.work == "view" else Device(number, dialect, spec.frame_bytes)
            await loop.create_connection(lambda: client, sock=await dial(spec))
            await asyncio.wait_for(client.ready, CONNECT_SECONDS)
            return client

    tasks = []
    start = loop.time()
    for index in range(spec.count):
        tasks.append(asyncio.create_task(one(spec.first + index)))
        due = start + spec.connect_within * index / spec.count
        if spec.connect_within and due > loop.time():
            await asyncio.sleep(due - loop.time())
    return list(await asyncio.gather(*tasks))  # type: ignore[return-value]  # all are of one kind


async def pace(devices: list[Device], spec: Spec) -> int:
    """Put out at an even pace, spread over the devices; the frames sent."""
    loop = asyncio.get_running_loop()
    start, sent, total = loop.time(), 0, spec.frames_per_second * len(devices)
    while (passed := loop.time() - start) < spec.seconds:
        while sent < passed * total:
            devices[sent % len(devices)].put_out()
            sent += 1
        await asyncio.sleep(0.002)
    return sent


async def flood(devices: list[Device], spec: Spec) -> int:
    """Put out as much as is taken; the frames sent."""
    loop = asyncio.get_running_loop()
    end, sent = loop.time() + spec.seconds, 0
    while loop.time() < end:
        more = sum(device.flood() for device in devices)
        sent += more
        await asyncio.sleep(0 if more else 0.002)
    return sent


async def idle(devices: list[Device], spec: Spec) -> int:
    """Health every 30 s from each, evenly spread; the messages sent."""
    loop = asyncio.get_running_loop()
    start, sent = loop.time(), 0
    while (passed := loop.time() - start) < spec.seconds:
        while sent < passed * len(devices) / HEALTH_EVERY:
            devices[sent % len(devices)].send_health()
            sent += 1
        await asyncio.sleep(0.01)
    return sent


async def work(devices: list[Device], spec: Spec) -> dict[str, object]:
    """What devices do."""
    before = time.process_time()
    sent = 0
    if spec.work == "pace":
        sent = await pace(devices, spec)
    elif spec.work == "flood":
        sent = await flood(devices, spec)
    elif spec.work == "idle":
        sent = await idle(devices, spec)
    else:
        await asyncio.sleep(spec.seconds)
    lost = sum(device.lost for device in devices)
    return {
        "sent": sent,
        "lost": lost,
        "commands": sum(device.commands for device in devices),
        "cpu": time.process_time() - before,
    }


async def view(viewers: list[Viewer], spec: Spec) -> dict[str, object]:
    """What viewers do: measure, after a second in which everything begins to flow."""
    await asyncio.sleep(min(1.0, spec.seconds / 4))
    for viewer in viewers:
        viewer.latencies = []
    start, size = time.monotonic(), sum(viewer.bytes for viewer in viewers)
    before = time.process_time()
    await asyncio.sleep(spec.seconds - min(1.0, spec.seconds / 4) - 0.2)
    took = time.monotonic() - start
    latencies = sorted(value for viewer in viewers for value in viewer.latencies or ())
    return {
        "bytes_per_second": (sum(viewer.bytes for viewer in viewers) - size) / took,
        "frames": len(latencies),
        "p50": latencies[len(latencies) // 2] if latencies else None,
        "p99": latencies[len(latencies) * 99 // 100] if latencies else None,
        "cpu": time.process_time() - before,
    }


async def main(spec: Spec) -> None:
    """Connect, wait for the word, work, tell."""
    if not 0 < spec.count <= MAX_DEVICES or not 0 < spec.seconds <= MAX_SECONDS:
        raise SystemExit(f"at most {MAX_DEVICES} clients for {MAX_SECONDS:g} seconds")
    start = time.monotonic()
    clients = await connect(spec)
    tell({"connected": len(clients), "seconds": time.monotonic() - start})
    if not await asyncio.to_thread(sys.stdin.readline):
        return
    devices = [client for client in clients if isinstance(client, Device)]
    viewers = [client for client in clients if isinstance(client, Viewer)]
    tell(await view(viewers, spec) if viewers else await work(devices, spec))
    await asyncio.to_thread(sys.stdin.readline)
    for client in clients:
        client.close()


def tell(found: dict[str, object]) -> None:
    """One line for whoever started this."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(main(Spec(**json.loads(sys.argv[1]))))
