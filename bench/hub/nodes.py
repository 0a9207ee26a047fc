"""Two nodes of a hub beside one: ``python -m bench.hub.nodes [SECONDS]``.

Round trips of commands and terminals whose device is on another node, over a real nats-server, beside bare
request-reply over that server and beside commands within the node, all in one run. Prints a table and never fails.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from bench.hub.nodes_holder import ECHO, LOCAL, Local
from hub.nodes.bus import Bus
from hub.nodes.nats_bus import NatsBus
from hub.nodes.ports import RemotePort
from hub.nodes.relay.relays import Relays
from hub.nodes.signals import Signals
from hub.ports import Output, ViewerName, new_request_id
from protocol.commands import SessionResize
from protocol.problems import Problem
from tests.load.dialects import SESSION, STAMP_BYTES, device_name
from tests.nats import NatsServer

DEVICES: Final = 200
IN_FLIGHT: Final = 64
FRAMES_PER_SECOND: Final = 20.0
FRAME_BYTES: Final = 1024


@dataclass(slots=True)
class Found:
    """One measurement; times in milliseconds."""

    name: str
    per_second: float
    p50: float
    p99: float
    cpu: float

    def line(self) -> str:
        """As a row."""
        return f"{self.name:38} {self.per_second:10.0f} {self.p50:8.2f} {self.p99:8.2f} {100 * self.cpu:6.0f}"


class Child:
    """A process that talks in lines of JSON."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    async def read(self) -> dict[str, float]:
        """The next line."""
        assert self._process.stdout is not None  # noqa: S101
        found: dict[str, float] = json.loads(await asyncio.to_thread(self._process.stdout.readline))
        return found

    def say(self, line: str) -> None:
        """Tell it to go on."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    async def end(self) -> None:
        """Be done with it."""
        self._process.kill()
        await asyncio.to_thread(self._process.communicate)


def worker(work: str, port: int, seconds: float) -> Child:
    """Simulated devices."""
    spec = {
        "work": work,
        "server": "hub",
        "port": port,
        "first": 0,
        "count": DEVICES,
        "seconds": seconds,
        "frame_bytes": FRAME_BYTES,
        "frames_per_second": FRAMES_PER_SECOND,
    }
    return Child("tests.load.worker", json.dumps(spec))


async def trips(name: str, ask: Callable[[int], Awaitable[object]], seconds: float, in_flight: int) -> Found:
    """So many questions at a time."""
    end, latencies = time.monotonic() + seconds, list[float]()

    async def one(number: int) -> None:
        while (start := time.monotonic()) < end:
            await ask(number % DEVICES)
            latencies.append((time.monotonic() - start) * 1000)
            number += in_flight

    before = time.process_time()
    await asyncio.gather(*(one(number) for number in range(in_flight)))
    latencies.sort()
    p50, p99 = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
    return Found(name, len(latencies) / seconds, p50, p99, (time.process_time() - before) / seconds)


async def terminals(bus: Bus, relays: Relays, seconds: float) -> Found:
    """Every device's terminal over two nodes: frames a second, and how old a frame is when it is here."""
    ages, frames = list[float](), 0

    async def one(number: int) -> None:
        nonlocal frames
        async with RemotePort(device_name(number), bus, relays).watch(SESSION, ViewerName("bench")) as watch:
            async for item in watch:
                if isinstance(item, Output):
                    frames += 1
                    stamp = int.from_bytes(item.payload[:STAMP_BYTES], "big")
                    ages.append((time.monotonic_ns() - stamp) / 1e6)
                    watch.ack(item.seq)

    viewers = [asyncio.create_task(one(number)) for number in range(DEVICES)]
    await asyncio.sleep(1.0)
    ages.clear()
    frames, before = 0, time.process_time()
    await asyncio.sleep(seconds)
    cpu, found = (time.process_time() - before) / seconds, sorted(ages)
    count = frames
    for viewer in viewers:
        viewer.cancel()
    await asyncio.gather(*viewers, return_exceptions=True)
    return Found(f"terminals, {DEVICES}", count / seconds, found[len(found) // 2], found[len(found) * 99 // 100], cpu)


async def reach(bus: Bus, relays: Relays) -> None:
    """Wait until the other node listens for every device."""
    for number in range(DEVICES):
        while True:
            try:
                await RemotePort(device_name(number), bus, relays).call(_resize())
            except Problem:
                continue
            break


def _resize() -> SessionResize:
    return SessionResize(request_id=new_request_id(), session_id=SESSION, cols=80, rows=24)


async def measure(url: str, seconds: float) -> list[Found]:
    """Everything, in one run."""
    bus = NatsBus(url, name="bench")
    await bus.start()
    signals = Signals(bus, secrets.token_hex(8))
    relays = Relays(bus, signals)
    await signals.start()
    await relays.start()
    holder = Child("bench.hub.nodes_holder", url)
    port = int((await holder.read())["port"])
    found = []

    async def call(number: int) -> object:
        return await RemotePort(device_name(number), bus, relays).call(_resize())

    async def echo(_number: int) -> object:
        return await bus.request(ECHO, bytes(200), within=5)

    async def local(in_flight: int) -> Found:
        job = Local(seconds=seconds, in_flight=in_flight, devices=DEVICES).model_dump_json().encode()
        return Found(f"one node, {in_flight} in flight", **json.loads(await bus.request(LOCAL, job, within=60)))

    devices = worker("answer", port, 60)
    await devices.read()
    devices.say("go")
    await reach(bus, relays)
    for in_flight in (1, IN_FLIGHT):
        found.append(await trips(f"nats-server alone, {in_flight} in flight", echo, seconds, in_flight))
        found.append(await local(in_flight))
        found.append(await trips(f"two nodes, {in_flight} in flight", call, seconds, in_flight))
    await devices.end()
    devices = worker("pace", port, seconds + 3)
    await devices.read()
    await reach(bus, relays)
    devices.say("go")
    found.append(await terminals(bus, relays, seconds))
    await devices.end()
    await relays.close()
    await signals.close()
    await bus.close()
    await holder.end()
    return found


async def main(seconds: float) -> None:
    """Start a nats-server, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        server = await NatsServer(Path(folder)).start()
        try:
            found = await measure(server.url, seconds)
        finally:
            await server.stop()
    lines = [f"{'':38} {'a second':>10} {'p50 ms':>8} {'p99 ms':>8} {'CPU %':>6}", *(one.line() for one in found)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0))
