"""A socket of which it is not known yet whose it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from hub.routing.socket import LinkSocket

T = TypeVar("T")
SILENT: Final = 90.0
"""Seconds without any frame (devices ping every 20 s) after which nobody is there any more."""
_MAX_MESSAGES: Final = 16


class Gone(Exception):
    """The socket is gone."""


class Waiting:
    """The receiver of such a socket: keeps the first message, and allows few more."""

    def __init__(self, socket: LinkSocket) -> None:
        self._socket = socket
        loop = asyncio.get_running_loop()
        self._first: asyncio.Future[bytes] = loop.create_future()
        self._gone: asyncio.Future[None] = loop.create_future()
        self._messages = 0
        socket.receiver = self

    async def first(self, within: float) -> bytes:
        """The first text message. Raises TimeoutError and Gone."""
        async with asyncio.timeout(within):
            return await self.unless_gone(self._first)

    async def unless_gone(self, wanted: Awaitable[T]) -> T:
        """What is waited for. Raises Gone when the socket goes before, or nothing comes over it for 90 s."""
        future = asyncio.ensure_future(wanted)
        either: list[asyncio.Future[Any]] = [future, self._gone]
        try:
            while not future.done():
                await asyncio.wait(either, timeout=SILENT, return_when=asyncio.FIRST_COMPLETED)
                if not future.done() and not self._gone.done() and self._is_silent():
                    self._socket.abort("nothing was heard for 90 s")
                if self._gone.done():
                    raise Gone
            return future.result()
        finally:
            if not future.done():
                future.cancel()
                await asyncio.wait({future})

    def text(self, data: bytes) -> None:
        """A text message."""
        if not self._first.done():
            self._first.set_result(data)
        self._count()

    def binary(self, data: bytes) -> None:
        """A binary message: nothing to be had from it."""
        self._count()

    def writable(self) -> None:
        """The peer reads again."""

    def lost(self, code: int, reason: str) -> None:
        """The socket is gone."""
        if not self._gone.done():
            self._gone.set_result(None)

    def _count(self) -> None:
        self._messages += 1
        if self._messages > _MAX_MESSAGES:
            self._socket.close(1008, "too many messages before the hub knows the device")

    def _is_silent(self) -> bool:
        return asyncio.get_running_loop().time() - self._socket.heard_at >= SILENT
