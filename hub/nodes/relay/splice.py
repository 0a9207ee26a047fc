"""Two streams of bytes joined end to end."""

from __future__ import annotations

import asyncio

from hub.ports import Stream
from protocol.problems import Problem


async def splice(one: Stream, other: Stream) -> None:
    """Pass bytes on both ways until both have ended or either broke off; then both are closed."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pass_on(one, other))
            group.create_task(_pass_on(other, one))
    except* Problem:
        pass  # whoever still reads or writes sees its end closed
    finally:
        await one.close()
        await other.close()


async def _pass_on(source: Stream, target: Stream) -> None:
    while data := await source.read():
        await target.write(data)
    await target.end()
