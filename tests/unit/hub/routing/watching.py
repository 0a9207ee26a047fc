"""Viewers for tests: joined, with their first screen on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.ports import Output, ViewerName
from hub.routing.terminals.viewer import Viewer
from protocol.events import SessionSnapshot
from tests.unit.hub.routing.rig import Peer, Rig, items, settle


@asynccontextmanager
async def watching(
    rig: Rig, peer: Peer, name: str = "ada", *, seq: int | None = 0, writes: bool = True
) -> AsyncIterator[Viewer]:
    """A viewer that has its first screen, not taken yet."""
    leave, joined = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def watch() -> None:
        async with rig.ports.of("gw").watch("s1", ViewerName(name, writes)) as viewer:
            joined.set_result(viewer)
            await leave.wait()

    task = asyncio.create_task(watch())
    await settle()
    rig.time.pass_by(0.5)
    peer.show(seq)
    await settle()
    if task.done():
        await task
    try:
        yield await joined
    finally:
        leave.set()
        await task


def shown(viewer: Viewer) -> list[int | str]:
    """Frames by number, screens by content."""
    found = [item for item in items(viewer) if isinstance(item, Output | SessionSnapshot)]
    return [item.seq if isinstance(item, Output) else item.content for item in found]
