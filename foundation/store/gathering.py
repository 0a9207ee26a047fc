"""Writing what many hand in at the same time with few transactions, and removing many rows with small ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

import sqlalchemy as sa

from foundation.store.database import Store
from protocol.problems import Problem, ProblemCode

T = TypeVar("T")
MOST_AT_ONCE: Final = 500
"""Items of one transaction: nobody should wait long behind those that came before."""
PIECE: Final = 5000
"""Rows removed by one transaction."""
_Waiting = tuple[T, "asyncio.Future[BaseException | None]"]


class Gatherer(Generic[T]):
    """Group commit: what comes while ``write`` runs is written together by the next one.

    Whoever comes alone does not wait for others. ``write`` is called once at a time, with items in the order in which
    they came, and stores all of them or none. Belongs to one event loop.
    """

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[None]], most: int = MOST_AT_ONCE) -> None:
        self._write = write
        self._most = most
        self._waiting: list[_Waiting[T]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Hand an item in; returns when it is stored. Raises what ``write`` raises for it.

        Who is cancelled takes the item back, or waits for the transaction that has it.
        """
        stored: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, stored))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())
        try:
            error = await asyncio.shield(stored)
        except asyncio.CancelledError:
            await self._take_back(stored)
            raise
        if isinstance(error, Problem):
            # Several may be told of the same one, and each adds where it came through.
            raise Problem(error.code, error.message, error.details) from error
        if error is not None:
            raise error

    async def _take_back(self, stored: asyncio.Future[BaseException | None]) -> None:
        kept = [one for one in self._waiting if one[1] is not stored]
        if len(kept) < len(self._waiting):
            self._waiting = kept
        else:
            await asyncio.wait([stored])

    async def _write_all(self) -> None:
        batch: list[_Waiting[T]] = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._store(batch)
        finally:
            self._writer = None
            left = [stored for _, stored in (*batch, *self._waiting) if not stored.done()]
            self._waiting = []
            _tell(left, Problem(ProblemCode.UNAVAILABLE, "The store is being closed. Try again in a moment."))

    async def _store(self, batch: list[_Waiting[T]]) -> None:
        try:
            await self._write([item for item, _ in batch])
        except Problem as problem:
            _tell([stored for _, stored in batch], problem)
        except Exception as error:
            if len(batch) == 1:
                _tell([batch[0][1]], error)
                return
            # One that cannot be stored must not take the others with it.
            for one in batch:
                await self._store([one])
        else:
            _tell([stored for _, stored in batch], None)


def _tell(all_stored: Sequence[asyncio.Future[BaseException | None]], error: BaseException | None) -> None:
    for stored in all_stored:
        if not stored.done():
            stored.set_result(error)


async def remove_in_pieces(store: Store, table: sa.Table, old: sa.ColumnElement[bool], piece: int = PIECE) -> int:
    """Remove the rows of a table with an ``id`` that are ``old``; the answer is how many went.

    In transactions of ``piece`` rows, so that nobody waits for a lock, nor a database's patience ends. Raises what
    they raise; what was removed until then is gone.
    """
    removed = 0
    some = sa.select(table.c.id).where(old).order_by(table.c.id).limit(piece)
    while True:
        async with store.begin() as connection:
            gone = (await connection.execute(sa.delete(table).where(table.c.id.in_(some)))).rowcount
        removed += gone
        if gone < piece:
            return removed
