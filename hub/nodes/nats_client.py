"""One connection to NATS with the library's own ways taken out: no reconnecting and no keeping behind our back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.subscription import Subscription

CONNECT_WITHIN: Final = 5.0
PENDING_BYTES: Final = 8 * 1024 * 1024
"""What waits for the socket before a sender has to."""


def import_client() -> None:
    """Load the library, which blocks. Raises Problem(UNAVAILABLE) where it is not installed."""
    try:
        import nats.aio.client  # noqa: F401
    except ImportError:
        raise Problem(
            ProblemCode.UNAVAILABLE, "The client for NATS is missing. Install it: pip install nats-py."
        ) from None


async def connected(servers: Sequence[str], name: str, lost: asyncio.Event) -> Client:
    """A connection; ``lost`` is set when it is gone. Raises what the library raises."""
    from nats.aio.client import Client

    async def gone() -> None:
        lost.set()

    async def ignored(_error: Exception) -> None:
        """Every failure ends in a closed connection, which is what counts."""

    client = Client()
    try:
        await client.connect(
            list(servers),
            name=name,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            ping_interval=5,
            pending_size=PENDING_BYTES,
            flush_timeout=CONNECT_WITHIN,
            closed_cb=gone,
            error_cb=ignored,
        )
    except BaseException:
        await closed(client)
        raise
    return client


async def closed(client: Client) -> None:
    """Be done with a connection, whatever state it is in."""
    with suppress(Exception):
        await client.close()


async def drained(native: Subscription) -> None:
    """End a subscription after what the server has passed on already."""
    # The library raises many kinds; each means that the connection went, and the subscription with it.
    with suppress(Exception):
        await native.drain()  # type: ignore[no-untyped-call]  # it takes nothing and gives nothing
