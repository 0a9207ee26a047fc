"""Output that is written as it comes, without the viewer's queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.ports import Output, WatchItem
from hub.routing.terminals.viewer import Viewer
from protocol.commands import SessionAck
from protocol.frames import BinaryFrame, FrameKind
from tests.unit.hub.routing.rig import Rig, items, settle
from tests.unit.hub.routing.watching import watching


class Writer:
    """A socket that takes frames, or does not."""

    def __init__(self) -> None:
        self.takes = True
        self.frames: list[bytes] = []

    def write(self, frame: bytes) -> bool:
        """Take it, or not."""
        if self.takes:
            self.frames.append(frame)
        return self.takes


@asynccontextmanager
async def waiting(viewer: Viewer, writer: Writer) -> AsyncIterator[asyncio.Task[WatchItem]]:
    """Somebody who has seen everything, and waits for more."""
    items(viewer)
    viewer.at_once(writer.write)
    task = asyncio.create_task(_next(viewer))
    await settle()
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_viewer_that_waits_gets_the_frame_as_the_device_sent_it() -> None:
    rig, writer = Rig(), Writer()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer, waiting(viewer, writer) as task:
        peer.output(b"x", 0)
        peer.output(b"y", 1)
        assert writer.frames == [_frame(0, b"x"), _frame(1, b"y")]
        await settle()
        assert not task.done()


async def test_what_is_written_at_once_is_acknowledged() -> None:
    rig, writer = Rig(), Writer()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer, waiting(viewer, writer):
        rig.time.pass_by(1.2)
        peer.heard()
        peer.output(b"x", 0)
        rig.time.pass_by(1.2)
        assert [message.seq for message in peer.heard() if isinstance(message, SessionAck)] == [0]


async def test_no_frame_overtakes_one_that_was_refused() -> None:
    rig, writer = Rig(), Writer()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer, waiting(viewer, writer) as task:
        writer.takes = False
        peer.output(b"x", 0)
        writer.takes = True
        peer.output(b"y", 1)
        assert writer.frames == []
        assert await task == Output(0, b"x")
        peer.output(b"z", 2)
        assert items(viewer) == [Output(1, b"y"), Output(2, b"z")]


async def test_nothing_is_written_at_once_before_the_screen_that_it_follows() -> None:
    rig, writer = Rig(), Writer()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer, waiting(viewer, writer) as task:
        peer.output(b"x", 0)
        peer.output(b"z", 5)
        await settle()
        rig.time.pass_by(0.5)
        peer.show(6, "fresh")
        peer.output(b"a", 6)
        assert writer.frames == [_frame(0, b"x")]
        assert getattr(await task, "content", "") == "fresh"
        assert items(viewer) == [Output(6, b"a")]


async def _next(viewer: Viewer) -> WatchItem:
    return await anext(viewer)


def _frame(seq: int, payload: bytes) -> bytes:
    return BinaryFrame(FrameKind.OUTPUT, "s1", seq, payload).encode()
