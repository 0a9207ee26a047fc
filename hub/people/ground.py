"""What every part of the people's business stands on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from foundation.accounts.holders import Now, utc_now
from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.people import token_rows
from hub.people.bearers import Bearers


@dataclass
class Change:
    """A transaction that changes what people may do."""

    connection: AsyncConnection
    forgotten: set[int] = field(default_factory=set)

    async def touch(self, person_ids: Iterable[int]) -> None:
        """The grants of these people become others: what is remembered of them is forgotten after the commit."""
        self.forgotten.update(await token_rows.ids_of(self.connection, person_ids))


@dataclass(frozen=True)
class Ground:
    """The store, who is let in by which secret, and the time."""

    store: Store
    bearers: Bearers
    now: Now = utc_now

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Change]:
        """One transaction; when it is committed, the touched logins are forgotten and their sockets told."""
        async with self.store.begin() as connection:
            change = Change(connection)
            yield change
        self.bearers.forget(change.forgotten)
