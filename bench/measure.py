"""The two measurements every peer gets: a key's way to its echo, and a flood."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import cache
from itertools import cycle

from bench.processes import PeerFailed
from bench.terminal import Terminal, read_until

KEY_PAUSE = 0.020
"""Seconds between two keys."""
FLOOD_LINES = 2_000_000
FLOOD_SECONDS = 60.0
"""A flood that takes longer is reported as a failure."""
LETTERS = b"abcdefghijklmnopqrstuvwxyz"


@cache
def flood_bytes() -> bytes:
    """What `seq 1 2000000` looks like behind a terminal that turns LF into CR LF: 16.9 MB."""
    return b"".join(b"%d\r\n" % number for number in range(1, FLOOD_LINES + 1))


async def start_cat(terminal: Terminal) -> None:
    """Turn the shell in the terminal into `cat`; the terminal's own line discipline echoes."""
    # The typed line must not hold the marker it prints, because the shell echoes what is typed.
    await terminal.send(b"printf 'READY_%s\\n' NOW; exec cat\r")
    await read_until(terminal, b"READY_NOW", 30)
    await _until_quiet(terminal)


async def _until_quiet(terminal: Terminal) -> None:
    try:
        while True:
            async with asyncio.timeout(0.3):
                await terminal.receive()
    except TimeoutError:
        return


async def echo(terminal: Terminal, keys: int) -> list[float]:
    """Type keys 20 ms apart into `cat`; milliseconds from sending each to the message that holds its echo."""
    samples = []
    letters = cycle(LETTERS)
    for number in range(keys):
        if number % 60 == 59:
            # A new line now and then keeps every terminal from wrapping; not timed.
            await terminal.send(b"\r")
            await _until_quiet(terminal)
        key = bytes([next(letters)])
        started = time.perf_counter()
        await terminal.send(key)
        async with asyncio.timeout(5):
            while key not in await terminal.receive():
                continue
        samples.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(max(0.0, KEY_PAUSE - (time.perf_counter() - started)))
    return samples


@dataclass(frozen=True, slots=True)
class Flood:
    """One flood as a viewer saw it."""

    seconds: float
    complete: bool
    """Every byte arrived, in order."""


async def start_flood(terminal: Terminal) -> None:
    """Have the shell print the flood between two marks."""
    await terminal.send(b"printf 'BEGIN_%s\\n' X; seq 1 2000000; printf 'END_%s\\n' X\r")


async def flood(terminal: Terminal) -> Flood:
    """Flood the terminal's shell and receive it all; seconds from the return key to the last byte."""
    expected = flood_bytes()
    chunks: list[bytes] = []
    tail = b""
    started = time.perf_counter()
    await start_flood(terminal)
    async with asyncio.timeout(FLOOD_SECONDS):
        while b"END_X" not in tail:
            data = await terminal.receive()
            chunks.append(data)
            tail = tail[-8:] + data
    seconds = time.perf_counter() - started
    return Flood(seconds, complete=_between_marks(b"".join(chunks)) == expected)


def _between_marks(output: bytes) -> bytes:
    begin = output.find(b"BEGIN_X\r\n")
    if begin < 0:
        raise PeerFailed("the start of the flood never arrived")
    return output[begin + len(b"BEGIN_X\r\n") : output.rfind(b"END_X")]
