"""Targets and browsers in the store, their addresses sealed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from foundation.store.database import Store
from gateway.notify.types import Browser, PushPlace, Target
from gateway.store.notify_tables import subscriptions, targets
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from foundation.secrets_box import SecretsBox

MAX_TARGETS: Final = 20
MAX_BROWSERS: Final = 50


class NotifyRecords:
    """Reads and writes them. ``box`` loads the box of secrets, in a thread, when something is sealed or opened."""

    def __init__(self, store: Store, box: Callable[[], SecretsBox]) -> None:
        self._store = store
        self._box = box

    async def targets(self) -> Sequence[Target]:
        """The targets, by name."""
        async with self._store.read() as connection:
            rows = await connection.execute(sa.select(targets).order_by(targets.c.name, targets.c.id))
            return [
                Target(row.id, row.name, row.kind, row.created_at, row.last_sent_at, row.last_error) for row in rows
            ]

    async def browsers(self) -> Sequence[Browser]:
        """The browsers, the latest first."""
        async with self._store.read() as connection:
            rows = await connection.execute(sa.select(subscriptions).order_by(subscriptions.c.id.desc()))
            return [
                Browser(row.id, row.person_id, row.label, row.created_at, row.last_sent_at, row.last_error)
                for row in rows
            ]

    async def add_target(self, name: str, kind: str, address: str) -> int:
        """Keep a target; its number. Raises TOO_MANY."""
        sealed = await self._seal(address, "notification target")
        async with self._store.begin() as connection:
            if (await connection.scalar(sa.select(sa.func.count()).select_from(targets)) or 0) >= MAX_TARGETS:
                raise Problem(ProblemCode.TOO_MANY, f"There are {MAX_TARGETS} targets. Remove one first.")
            making = sa.insert(targets).values(name=name, kind=kind, sealed=sealed, created_at=_now())
            number: int = (await connection.execute(making.returning(targets.c.id))).scalar_one()
            return number

    async def add_browser(self, person_id: int, label: str, place: PushPlace) -> int:
        """Keep a browser, or what it says anew; its number. Raises TOO_MANY."""
        name = hashlib.sha256(place.endpoint.encode()).hexdigest()
        sealed = await self._seal(place.model_dump_json(), "push subscription")
        values = {"person_id": person_id, "label": label[:300], "sealed": sealed, "last_error": None}
        async with self._store.begin() as connection:
            same = subscriptions.c.endpoint_sha256 == name
            known: int | None = await connection.scalar(sa.select(subscriptions.c.id).where(same))
            if known is not None:
                await connection.execute(sa.update(subscriptions).where(same).values(values))
                return known
            count = await connection.scalar(sa.select(sa.func.count()).select_from(subscriptions)) or 0
            if count >= MAX_BROWSERS:
                raise Problem(ProblemCode.TOO_MANY, f"{MAX_BROWSERS} browsers are told already. Remove one first.")
            making = sa.insert(subscriptions).values(**values, endpoint_sha256=name, created_at=_now())
            number: int = (await connection.execute(making.returning(subscriptions.c.id))).scalar_one()
            return number

    async def address(self, target_id: int) -> str | None:
        """The address of a target, None where it is gone."""
        async with self._store.read() as connection:
            sealed = await connection.scalar(sa.select(targets.c.sealed).where(targets.c.id == target_id))
        return None if sealed is None else await self._open(sealed, "notification target")

    async def place(self, browser_id: int) -> PushPlace | None:
        """Where a browser is told, None where it is gone."""
        wanted = sa.select(subscriptions.c.sealed).where(subscriptions.c.id == browser_id)
        async with self._store.read() as connection:
            sealed = await connection.scalar(wanted)
        return None if sealed is None else PushPlace.model_validate_json(await self._open(sealed, "push subscription"))

    async def remove_target(self, target_id: int) -> bool:
        """Forget a target; False where it was none."""
        return await self._remove(targets, target_id)

    async def remove_browser(self, browser_id: int) -> bool:
        """Forget a browser; False where it was none."""
        return await self._remove(subscriptions, browser_id)

    async def told(self, *, target: int | None = None, browser: int | None = None, error: str | None) -> None:
        """Keep how the last try went."""
        table = targets if target is not None else subscriptions
        values = {"last_error": error[:256]} if error is not None else {"last_error": None, "last_sent_at": _now()}
        number = target if target is not None else browser
        async with self._store.begin() as connection:
            await connection.execute(sa.update(table).where(table.c.id == number).values(values))

    async def _remove(self, table: sa.Table, number: int) -> bool:
        async with self._store.begin() as connection:
            return bool((await connection.execute(sa.delete(table).where(table.c.id == number))).rowcount)

    async def _seal(self, secret: str, belongs_to: str) -> bytes:
        return await asyncio.to_thread(lambda: self._box().seal(secret, belongs_to))

    async def _open(self, sealed: bytes, belongs_to: str) -> str:
        return await asyncio.to_thread(lambda: self._box().open(sealed, belongs_to))


def _now() -> datetime:
    return datetime.now(UTC)
