"""Everything a device sent over one connection, in order, and waiting for what is still to come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from tests.doubles.control_plane.wire import Frame, Message

Item = Message | Frame


class Journal:
    """An append-only list that can be awaited."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.closed = False
        self._grown = asyncio.Event()

    def add(self, item: Item) -> None:
        """Write down one message or frame."""
        self.items.append(item)
        self._wake()

    def close(self) -> None:
        """Nothing will be added any more."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    @property
    def mark(self) -> int:
        """A place in the journal: what comes after now."""
        return len(self.items)

    def messages(self, kind: str | None = None, *, after: int = 0) -> Iterator[Message]:
        """The JSON messages (of one type) from a place on."""
        for item in self.items[after:]:
            if isinstance(item, dict) and kind in (None, item.get("type")):
                yield item

    def frames(self, session_id: str | None = None, *, after: int = 0) -> Iterator[Frame]:
        """The binary frames (of one session) from a place on."""
        for item in self.items[after:]:
            if isinstance(item, Frame) and session_id in (None, item.session_id):
                yield item

    async def until(self, done: Callable[[], bool], what: str, within: float) -> None:
        """Wait until a condition over the journal holds; AssertionError after ``within`` seconds or at the end."""
        try:
            async with asyncio.timeout(within):
                while not done():
                    if self.closed:
                        raise AssertionError(f"the device went away before {what}")
                    await self._grown.wait()
        except TimeoutError:
            kinds = [item["type"] if isinstance(item, dict) else f"frame {item.seq}" for item in self.items[-12:]]
            raise AssertionError(f"no {what} within {within} s; the last that came: {kinds}") from None
