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
CLOSE_WITHIN: Final = 2
ASK_EVERY: Final = 2.0
"""Seconds between two questions whether the server is there."""
ANSWER_WITHIN: Final = 4
"""Seconds it has for the answer, behind everything that was sent before."""
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


async def until_lost(client: Client, lost: asyncio.Event) -> None:
    """Wait until a connection is gone, or its server is silent: a frozen one keeps the connection and says nothing."""
    while not lost.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(ASK_EVERY):
                await lost.wait()
        if not lost.is_set() and not await _answers(client, ANSWER_WITHIN):
            return


async def _answers(client: Client, within: int) -> bool:
    """Whether the server answers, and so has all that was sent before."""
    try:
        async with asyncio.timeout(within):
            await client.flush(timeout=within)
    except Exception:
        # The library raises many kinds, also for a connection that ends in this very moment.
        return False
    return True


async def closed(client: Client) -> None:
    """Be done with a connection, whatever state it is in; what waits is sent where the server still listens."""
    if not client.is_connected or not await _answers(client, CLOSE_WITHIN):
        _abandon(client)
    # The library raises many kinds; each means that it is closed.
    with suppress(Exception):
        async with asyncio.timeout(CLOSE_WITHIN):
            await client.close()


def _abandon(client: Client) -> None:
    """Give up what was not sent: closing waits for it, for ever where the server is frozen."""
    client._pending = []
    client._pending_data_size = 0
    writer = getattr(client._transport, "_io_writer", None)
    if writer is not None:
        writer.transport.abort()


async def drained(native: Subscription) -> None:
    """End a subscription after what the server has passed on already."""
    # The library raises many kinds; each means that the connection went, and the subscription with it.
    with suppress(Exception):
        await native.drain()  # type: ignore[no-untyped-call]  # it takes nothing and gives nothing
