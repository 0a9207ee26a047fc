"""Viewers of one Hutch session, as a program of their own: they must not share a loop with what is timed.

Reads nothing but its arguments (the token from the environment), prints ``attached`` once every viewer is, and at the
end one JSON line: when the last screen stood (CLOCK_MONOTONIC), fresh snapshots, gaps, bytes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import socket
import sys
import time
from dataclasses import asdict, dataclass

import aiohttp

from bench.measure import FLOOD_LINES
from bench.peers.hutch import HutchTerminal, attach

ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()].|[@-Z\\-_=>])")
LAST_LINES = [str(number) for number in range(FLOOD_LINES - 14, FLOOD_LINES + 1)] + ["END_X"]
"""What the last screen of a flood shows, whatever the prompt below it looks like."""
KEEP = 32 * 1024
GIVE_UP = 120.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a viewer saw, up to the last screen."""

    finished_at: float
    snapshots: int
    gaps: int
    received: int


def shows_the_end(text: str) -> bool:
    """Whether the last lines of the flood stand in the text one below the other, with nothing missing."""
    lines = [line.rstrip() for line in ESCAPES.sub("", text).replace("\r", "").split("\n")]
    for end in range(len(lines), len(LAST_LINES) - 1, -1):
        if lines[end - 1] == LAST_LINES[-1]:
            return lines[end - len(LAST_LINES) : end] == LAST_LINES
    return False


async def watch(terminal: HutchTerminal, rate: float | None) -> Seen:
    """Follow a flood to its last screen, at most ``rate`` bytes a second when one is given."""
    text, received, snapshots = "", 0, 0
    while not ("END_X" in text[-2000:] and shows_the_end(text)):
        data = await terminal.receive()
        received += len(data)
        if terminal.snapshots != snapshots:
            snapshots = terminal.snapshots
            text = terminal.screen
            await _pace(len(text), rate)
        text = text[-KEEP:] + data.decode(errors="replace")
        await _pace(len(data), rate)
    return Seen(time.monotonic(), terminal.snapshots - 1, terminal.gaps, received)


async def _pace(size: int, rate: float | None) -> None:
    if rate:
        await asyncio.sleep(size / rate)


def _small_buffer(address: tuple[object, ...]) -> socket.socket:
    """A socket that holds little, so that a slow reader is slow for the server too."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)  # type: ignore[arg-type]
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
    return made


async def run(base: str, session: str, count: int, rate: float | None) -> list[Seen]:
    """Attach the viewers, say so, and watch."""
    token = os.environ["HUTCH_BENCH_TOKEN"]
    connector = aiohttp.TCPConnector(socket_factory=_small_buffer if rate else None)
    async with aiohttp.ClientSession(base, connector=connector) as client, asyncio.timeout(GIVE_UP):
        terminals = [await attach(client, session, token) for _ in range(count)]
        for terminal in terminals:
            while not terminal.snapshots:
                await terminal.receive()
        sys.stdout.write("attached\n")
        sys.stdout.flush()
        seen = await asyncio.gather(*(watch(terminal, rate) for terminal in terminals))
        for terminal in terminals:
            await terminal.close()
        return seen


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("session")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--rate", type=float)
    options = parser.parse_args()
    seen = asyncio.run(run(options.base, options.session, options.count, options.rate))
    sys.stdout.write(json.dumps([asdict(one) for one in seen]) + "\n")


if __name__ == "__main__":
    main()
