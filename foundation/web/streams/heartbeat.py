"""Pings that find out whether a viewer is still there.

aiohttp's own heartbeat sets its timers anew with all that comes in, which is a tenth of a key's way to its echo
(docs/decisions/0014-latency.md).
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

PING_SECONDS: Final = 20.0
"""Between two pings: less than proxies let a connection be silent."""
ANSWER_SECONDS: Final = 10.0


class Pinged(Protocol):
    """A socket, as far as this goes."""

    async def ping(self) -> None:
        """Send a ping frame; may wait until the other side reads."""


async def until_silent(
    socket: Pinged, heard: asyncio.Event, every: float = PING_SECONDS, patience: float = ANSWER_SECONDS
) -> None:
    """Ping ``every`` seconds; come back when nothing was ``heard`` for ``patience`` seconds after a ping."""
    while True:
        await asyncio.sleep(every)
        heard.clear()
        try:
            async with asyncio.timeout(patience):
                await socket.ping()
                await heard.wait()
        except TimeoutError:
            return
