"""What a program prints, made fit to be shown: whole lines, bounded, no control characters, no credentials."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

MAX_LINE = 200
"""Characters of a line that are shown."""

MAX_AT_ONCE = 200
"""Lines of one read that are looked at; of more, the last ones."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]+@|(?<=_authToken=)\S+|(?<=[Bb]earer )\S+")
_READ = 16 * 1024
_MAX_PENDING = 64 * 1024


def shown(line: str) -> str:
    """A line without escape sequences, control characters and credentials, at most 200 characters long."""
    plain = _CREDENTIALS.sub("***", _ESCAPES.sub("", line))
    return "".join(c for c in plain if c.isprintable()).strip()[:MAX_LINE]


async def plain_lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """The lines of a stream that have something to show; memory stays bounded whatever comes."""
    pending = b""
    while chunk := await stream.read(_READ):
        *whole, pending = re.split(rb"[\r\n]+", pending + chunk)
        pending = pending[:_MAX_PENDING]
        # Of a flood only the end counts; the rest would only keep the loop from other work.
        for line in whole[-MAX_AT_ONCE:]:
            if text := shown(line.decode(errors="replace")):
                yield text
    if text := shown(pending.decode(errors="replace")):
        yield text


class Throttle:
    """Lets at most ``per_second`` lines a second and ``total`` lines in all through; the rest is dropped."""

    def __init__(
        self, tell: Callable[[str], None], clock: Callable[[], float], *, per_second: int = 5, total: int = 500
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._per_second = per_second
        self._left = total
        self._second = -1
        self._in_second = 0

    def __call__(self, line: str) -> None:
        """Pass a line on, or drop it."""
        second = int(self._clock())
        if second != self._second:
            self._second, self._in_second = second, 0
        if self._left <= 0 or self._in_second >= self._per_second:
            return
        self._in_second += 1
        self._left -= 1
        self._tell(line)


@asynccontextmanager
async def beating(tell: Callable[[str], None], seconds: float = 10.0) -> AsyncIterator[None]:
    """Say every ``seconds`` that it goes on, while a program that says nothing is waited for."""

    async def beat() -> None:
        passed = 0.0
        while True:
            await asyncio.sleep(seconds)
            passed += seconds
            tell(f"Still at it, {passed:g} s so far.")

    beats = asyncio.ensure_future(beat())
    try:
        yield
    finally:
        beats.cancel()
        with suppress(asyncio.CancelledError):
            await beats
