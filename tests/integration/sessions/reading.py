"""Looking at a session the way a viewer does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from gateway.sessions.types import Ended, Output, Snapshot, ViewerItem
from gateway.sessions.viewer import Viewer

SECONDS = 20.0


@dataclass
class Seen:
    """What a viewer got: the snapshots, and the bytes since the last of them."""

    snapshots: list[Snapshot] = field(default_factory=list)
    output: bytearray = field(default_factory=bytearray)
    frames: list[int] = field(default_factory=list)
    ended: Ended | None = None

    def take(self, item: ViewerItem) -> None:
        if isinstance(item, Snapshot):
            self.snapshots.append(item)
            self.output.clear()
            self.frames.clear()
        elif isinstance(item, Output):
            self.output += item.payload
            self.frames.append(item.seq)
        elif isinstance(item, Ended):
            self.ended = item

    @property
    def text(self) -> str:
        screen = self.snapshots[-1].content if self.snapshots else ""
        return screen + self.output.decode(errors="replace")


async def first_screen(viewer: Viewer) -> Seen:
    """Take the first snapshot, so that what is typed afterwards comes as output and not half in each."""
    seen = Seen()
    async with asyncio.timeout(SECONDS):
        seen.take(await anext(viewer))
    return seen


async def until(viewer: Viewer, text: str, seen: Seen | None = None, seconds: float = SECONDS) -> Seen:
    """Read until the text stands on the screen or in the output."""
    seen = seen or Seen()
    async with asyncio.timeout(seconds):
        while text not in seen.text:
            seen.take(await anext(viewer))
    return seen


async def to_end(viewer: Viewer, seen: Seen | None = None) -> Seen:
    """Read until the session is over."""
    seen = seen or Seen()
    async with asyncio.timeout(SECONDS):
        async for item in viewer:
            seen.take(item)
    return seen
