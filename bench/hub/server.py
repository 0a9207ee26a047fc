"""The hub's routing core as a process of its own: ``python -m bench.hub.server hub|raw``.

Prints its port; then each line on its standard input is a job, answered by one line of JSON. ``calls SECONDS IN_FLIGHT
DEVICES`` measures round trips of commands, ``count`` says how many devices are connected, ``rates`` lifts the limits.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from contextlib import suppress

import uvloop
from aiohttp import web

from bench.hub.raw_relay import RawRelay
from foundation.web.streams.output import OutputWriter
from hub.ports import Output, ViewerName, new_request_id
from hub.routing.admission import Admission
from hub.routing.connections import Connections
from hub.routing.door import Door
from hub.routing.limits import Rate, RoutingLimits
from hub.routing.local import LocalPorts
from hub.routing.wheel import Wheel
from protocol.commands import SessionResize
from tests.doubles.hub_doors import Everybody, Silent
from tests.load.dialects import device_name

_MANY = Rate(2**40, 2**30, 30.0)


class HubUnderTest:
    """The routing core behind aiohttp, with a plain viewer's socket beside it."""

    def __init__(self) -> None:
        limits = RoutingLimits(session=_MANY, device=_MANY, pending_per_source=20_000, pending=20_000)
        wheel = Wheel.of_loop()
        self._connections = Connections(Silent(), wheel, limits)
        self._ports = LocalPorts(self._connections)
        admission = Admission(limits, wheel.now)
        self._door = Door(self._connections, Everybody(), admission, lambda request: request.remote or "")

    async def start(self) -> int:
        """Listen; the port."""
        app = web.Application()
        app.router.add_get("/gw/connect", self._door.connect)
        app.router.add_get("/view/{device}/{session}", self._view)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
        await site.start()
        return int(runner.addresses[0][1])

    def count(self) -> int:
        """How many devices are connected."""
        return self._connections.stats.connections

    def stats(self) -> dict[str, int]:
        """The counters."""
        stats = self._connections.stats
        return {name: getattr(stats, name) for name in stats.__slots__}

    async def call(self, number: int) -> None:
        """One command to one device, and its answer."""
        command = SessionResize(request_id=new_request_id(), session_id="main", cols=80, rows=24)
        await self._ports.of(device_name(number)).call(command)

    async def _view(self, request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(compress=False)
        device, session = request.match_info["device"], request.match_info["session"]
        with suppress(ConnectionError):
            await self._show(request, ws, device, session)
        return ws

    async def _show(self, request: web.Request, ws: web.WebSocketResponse, device: str, session: str) -> None:
        async with self._ports.of(device).watch(session, ViewerName("bench")) as watch:
            await ws.prepare(request)
            output = OutputWriter(ws, request.transport, session)
            watch.at_once(output.write)
            async for item in watch:
                if type(item) is Output:
                    await output.send(item)
                else:
                    await ws.send_str("{}")


async def calls(server: HubUnderTest | RawRelay, seconds: float, in_flight: int, devices: int) -> dict[str, float]:
    """Round trips, so many at a time, over so many devices."""
    end, done = time.monotonic() + seconds, 0
    latencies: list[float] = []

    async def caller(number: int) -> None:
        nonlocal done
        while (start := time.monotonic()) < end:
            await server.call(number % devices)
            latencies.append((time.monotonic() - start) * 1000)
            done += 1
            number += in_flight

    before, start = time.process_time(), time.monotonic()
    await asyncio.gather(*(caller(number) for number in range(in_flight)))
    took = time.monotonic() - start
    latencies.sort()
    p50, p99 = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
    return {"per_second": done / took, "cpu": (time.process_time() - before) / took, "p50": p50, "p99": p99}


async def main(kind: str) -> None:
    """Serve until standard input ends."""
    server = RawRelay() if kind == "raw" else HubUnderTest()
    port = await server.start()
    gc.collect()
    gc.freeze()
    say({"port": port})
    while line := await asyncio.to_thread(sys.stdin.readline):
        job, *arguments = line.split()
        if job == "calls":
            seconds, in_flight, devices = arguments
            say(await calls(server, float(seconds), int(in_flight), int(devices)))
        elif job == "count":
            say({"count": server.count()})
        elif job == "stats":
            say(dict(server.stats()))


def say(found: dict[str, float] | dict[str, int]) -> None:
    """One line for whoever started this."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(main(sys.argv[1]))
