"""What is measured of one server. Every scenario starts its server anew."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from bench.hub.echo import echo as _echo
from bench.hub.processes import Found, Program, Server, clients, serving
from bench.hub.whole import ask_by_request, whole_hub
from tests.load.worker import Spec

IN_FLIGHT = 64
ASKED = 100
"""Devices that commands go to."""
TERMINALS = 1000
FLOODING = 200
FRAME = 16 * 1024
PER_SOURCE = 9900
"""Connections from one address, which is one process."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is."""

    devices: int
    seconds: float
    terminals: int = TERMINALS


FULL = Size(devices=19_800, seconds=10.0)
QUICK = Size(devices=2000, seconds=3.0)


FEW = 2000
"""Devices of a whole hub."""


def small(size: Size) -> Size:
    """A run for a whole hub and, beside it, its routing core alone."""
    return Size(devices=FEW, seconds=size.seconds, terminals=200)


@contextmanager
def started(kind: str, size: Size) -> Iterator[Server]:
    """A server of this kind."""
    with whole_hub(size.devices) if kind == "whole" else serving(kind) as server:
        yield server


def fleet(server: Server, size: Size, *, connect_within: float = 0.0) -> list[Spec]:
    """The simulated devices of a whole fleet, over several addresses and processes."""
    specs = []
    for first in range(0, size.devices, PER_SOURCE):
        count = min(PER_SOURCE, size.devices - first)
        source = f"127.0.0.{2 + first // PER_SOURCE}"
        specs.append(
            Spec("idle", server.kind, server.port, first, count, size.seconds, source, connect_within=connect_within)
        )
    return specs


def idle(kind: str, size: Size) -> Found:
    """Devices that only say how they are: memory of each, CPU of all."""
    with started(kind, size) as server:
        before = server.memory()
        with clients(*fleet(server, size)) as programs:
            found = _cpu_while(server, programs)
            found["kib"] = (server.memory() - before) / 1024 / size.devices
    return found


def storm(kind: str, size: Size) -> Found:
    """Everybody comes back within 15 s: how many are there, and how long the last one took."""
    with serving(kind) as server:
        specs = fleet(server, size, connect_within=15.0)
        start, cpu = time.monotonic(), server.cpu()
        programs = [Program("tests.load.worker", json.dumps(asdict(spec))) for spec in specs]
        try:
            connected = sum(program.read()["connected"] or 0 for program in programs)
            took = time.monotonic() - start
            used = server.cpu() - cpu
            known = server.ask("count")["count"] or 0
        finally:
            for program in programs:
                program.close()
    return {"lost": size.devices - min(connected, known), "seconds": took, "cpu": 100 * used / took}


def calls(kind: str, size: Size) -> Found:
    """Commands and their answers, 64 at a time."""
    with started(kind, size) as server:
        spec = Spec("answer", kind, server.port, 0, ASKED, size.seconds + 2)
        with clients(spec) as programs:
            for program in programs:
                program.say("go")
            before = server.cpu()
            if server.program is not None:
                found = server.ask(f"calls {size.seconds} {IN_FLIGHT} {ASKED}")
            elif kind == "whole":
                found = ask_by_request(server, size.seconds, IN_FLIGHT, ASKED)
            else:
                arguments = (str(server.port), str(size.seconds), str(IN_FLIGHT), str(ASKED))
                asking = Program("bench.hub.nats_calls", *arguments)
                found = asking.read()
                asking.close()
            found["cpu"] = 100 * (server.cpu() - before) / size.seconds
            for program in programs:
                program.read()
    return found


def terminals(kind: str, size: Size) -> Found:
    """Terminals of 20 KB/s in frames of 1 KB, each with one viewer."""
    with started(kind, size) as server:
        count, seconds = size.terminals, size.seconds + 1
        paced = Spec("pace", kind, server.port, 0, count, seconds, frame_bytes=1024, frames_per_second=20)
        viewed = Spec("view", kind, server.port, 0, count, size.seconds, source="127.0.0.3")
        return _relay(server, [paced], viewed)


def most(kind: str, size: Size) -> Found:
    """As much output as goes through in frames of 16 KiB."""
    with serving(kind) as server:
        seconds = size.seconds + 1
        each = FLOODING // 2
        halves = [Spec("flood", kind, server.port, first, each, seconds, frame_bytes=FRAME) for first in (0, each)]
        viewed = Spec("view", kind, server.port, 0, FLOODING, size.seconds, source="127.0.0.3")
        return _relay(server, halves, viewed)


def _relay(server: Server, devices: list[Spec], viewed: Spec) -> Found:
    with clients(*devices, viewed) as programs:
        found = _cpu_while(server, programs)
        if server.kind == "hub":
            found["lost_frames"] = server.ask("stats")["lost_frames"]
    return found


def _cpu_while(server: Server, programs: list[Program]) -> Found:
    """Let everybody work; what the last one found, and the server's CPU in percent of a core."""
    for program in reversed(programs):
        program.say("go")
    cpu, start = server.cpu(), time.monotonic()
    found = programs[-1].read()
    found["cpu"] = 100 * (server.cpu() - cpu) / (time.monotonic() - start)
    for program in programs[:-1]:
        program.read()
    return found


def echo(kind: str, size: Size) -> Found:
    """From a key to its echo, through the hub and without it."""
    return _echo(kind, size.seconds)


SCENARIOS: dict[str, Callable[[str, Size], Found]] = {
    "idle": idle,
    "storm": storm,
    "calls": calls,
    "terminals": terminals,
    "most": most,
    "echo": echo,
    "whole-idle": lambda kind, size: idle(kind, small(size)),
    "whole-calls": lambda kind, size: calls(kind, small(size)),
    "whole-terminals": lambda kind, size: terminals(kind, small(size)),
}
"""By name, in the order of the report."""
SERVERS = {
    "idle": ("hub", "raw", "nats"),
    "storm": ("hub", "raw"),
    "echo": ("whole",),
    "whole-idle": ("whole", "hub"),
    "whole-calls": ("whole", "hub"),
    "whole-terminals": ("whole", "hub"),
}
"""Who takes part, where it is not all."""
CORE = ("hub", "raw", "nats")
ALL = ("whole", *CORE)
