"""Where alerts are told: targets of an organisation, of one group, or of one person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.notify.kinds import kind_of
from foundation.notify.sending import Message, Sender
from foundation.notify.zones import find_zone
from foundation.secrets_box import SecretsBox
from foundation.store.database import Store
from hub.fleet.notify.courier import sealed_for
from hub.store.tables.fleet import notification_targets as targets
from protocol.problems import Problem, ProblemCode

MAX_TARGETS: Final = 100
"""Of one organisation."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a target wants to be told, and when. Quiet hours are minutes of a day in ``timezone``."""

    name: str
    rules: tuple[str, ...]
    """Names of rules; all where there are none."""
    critical_only: bool
    tells_cleared: bool
    quiet_from: int | None
    quiet_to: int | None
    timezone: str
    quiet_for_critical: bool


@dataclass(frozen=True, slots=True)
class Whose:
    """Whom a target belongs to: a whole organisation, a group of it, or a person."""

    organisation_id: int
    group_id: int | None
    person_id: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """A target without its address, which is not shown again."""

    id: int
    whose: Whose
    kind: str
    wishes: Wishes
    created_at: datetime
    last_sent_at: datetime | None
    last_error: str | None


class Targets:
    """The targets in the store, their addresses sealed."""

    def __init__(
        self,
        store: Store,
        box: SecretsBox,
        sender: Sender,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._box = box
        self._sender = sender
        self._clock = clock

    async def add(self, whose: Whose, wishes: Wishes, address: str) -> Target:
        """Keep a target. Raises :class:`Problem` INVALID_REQUEST for its address, TOO_MANY."""
        kind = kind_of(address)
        await find_zone(wishes.timezone)
        await self._sender.check(address)
        values = {**asdict(whose), **_columns(wishes), "kind": kind, "created_at": self._clock()}
        async with self._store.begin() as connection:
            mine = targets.c.organisation_id == whose.organisation_id
            if (await connection.scalar(sa.select(sa.func.count()).where(mine)) or 0) >= MAX_TARGETS:
                raise Problem(ProblemCode.TOO_MANY, f"An organisation has at most {MAX_TARGETS} targets. Remove one.")
            making = sa.insert(targets).values(**values, sealed=b"").returning(targets.c.id)
            target_id = (await connection.execute(making)).scalar_one()
            sealed = self._box.seal(address, sealed_for(target_id))
            await connection.execute(sa.update(targets).where(targets.c.id == target_id).values(sealed=sealed))
        return await self.get(target_id)

    async def find(self, target_id: int) -> Target | None:
        """A target, None where there is none of this number."""
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(targets).where(targets.c.id == target_id))).first()
        return _target(row) if row is not None else None

    async def get(self, target_id: int) -> Target:
        """A target. Raises NOT_FOUND."""
        found = await self.find(target_id)
        if found is None:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such target. Look at the list.")
        return found

    async def list(self, where: sa.ColumnElement[bool]) -> list[Target]:
        """Targets by name."""
        found = sa.select(targets).where(where).order_by(targets.c.name, targets.c.id)
        async with self._store.read() as connection:
            return [_target(row) for row in await connection.execute(found)]

    async def change(self, target_id: int, wishes: Wishes) -> Target:
        """Give a target other wishes; its address stays. Raises INVALID_REQUEST, NOT_FOUND."""
        await find_zone(wishes.timezone)
        async with self._store.begin() as connection:
            await connection.execute(sa.update(targets).where(targets.c.id == target_id).values(_columns(wishes)))
        return await self.get(target_id)

    async def remove(self, target_id: int) -> None:
        """Tell it nothing more."""
        async with self._store.begin() as connection:
            await connection.execute(sa.delete(targets).where(targets.c.id == target_id))

    async def test(self, target_id: int) -> None:
        """Send a message now, whatever the hour. Raises :class:`Problem` where it is not taken."""
        async with self._store.read() as connection:
            sealed = await connection.scalar(sa.select(targets.c.sealed).where(targets.c.id == target_id))
        if sealed is None:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such target. Look at the list.")
        message = Message("Hutch: a test", "Alerts of your devices will look like this.", None)
        await self._sender.send(self._box.open(sealed, sealed_for(target_id)), message)


def _columns(wishes: Wishes) -> dict[str, object]:
    return {**asdict(wishes), "rules": list(wishes.rules)}


def _target(row: Row[*tuple[object, ...]]) -> Target:
    values = dict(row._mapping)
    return Target(
        id=row.id,
        whose=Whose(row.organisation_id, row.group_id, row.person_id),
        kind=row.kind,
        wishes=Wishes(**{name: values[name] for name in Wishes.__slots__ if name != "rules"}, rules=tuple(row.rules)),
        created_at=row.created_at,
        last_sent_at=row.last_sent_at,
        last_error=row.last_error,
    )
