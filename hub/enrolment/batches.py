"""Batches: a token that lets many devices in without a person, each of them at once into the batch's group."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.accounts.secrets import digest_of
from hub.enrolment.ground import Ground
from hub.enrolment.statements import free_name
from hub.enrolment.types import Batch, Device, NewDevice
from hub.store.tables.devices import batches
from hub.store.tables.people import groups
from protocol.problems import Problem, ProblemCode

PREFIX = "hutch_batch_"
"""Lets a token that leaks into a repository or a log be found."""
_FORM = re.compile(r"hutch_batch_[A-Za-z0-9_-]{43}")
_BATCH = tuple(column for column in batches.c if column.name != "token_digest")


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch about to be made."""

    group_id: int
    label: str
    max_uses: int
    expires_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device that shows a batch's token, with a key or a bearer token of its own."""

    gateway_id: str
    wanted_name: str
    public_key: bytes | None = None
    bearer_digest: str | None = field(default=None, repr=False)


class Within(Protocol):
    """The groups that somebody may see."""

    def clause(self, organisation_id: sa.ColumnElement[int], group_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        """For a WHERE: whether something of this organisation and group is among them."""
        ...


class Batches:
    """The batches of the whole hub. A token is kept by its SHA-256 only: it holds 256 random bits."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def add(self, new: NewBatch) -> tuple[Batch, str]:
        """Make a batch; its token is told this once. Raises :class:`Problem` INVALID_REQUEST."""
        now = self._ground.now()
        if new.expires_at <= now:
            raise Problem(ProblemCode.INVALID_REQUEST, "The batch would be over already. Choose a later end.")
        token = PREFIX + secrets.token_urlsafe(32)
        values = {
            "group_id": new.group_id,
            "label": new.label,
            "token_digest": digest_of(token),
            "max_uses": new.max_uses,
            "uses": 0,
            "created_at": now,
            "created_by": new.created_by,
            "expires_at": new.expires_at,
        }
        async with self._ground.store.begin() as connection:
            row = (await connection.execute(sa.insert(batches).values(values).returning(*_BATCH))).one()
        return _batch(row), token

    async def page(self, within: Within, after: int | None = None, limit: int = 50) -> list[Batch]:
        """At most ``limit`` batches of the groups within reach, newest first; those made before ``after``."""
        query = (
            sa.select(*_BATCH)
            .join(groups, groups.c.id == batches.c.group_id)
            .where(within.clause(groups.c.organisation_id, batches.c.group_id))
            .order_by(batches.c.id.desc())
            .limit(limit)
        )
        if after is not None:
            query = query.where(batches.c.id < after)
        async with self._ground.store.read() as connection:
            return [_batch(row) for row in await connection.execute(query)]

    async def find(self, batch_id: int) -> Batch | None:
        """One batch."""
        async with self._ground.store.read() as connection:
            row = (await connection.execute(sa.select(*_BATCH).where(batches.c.id == batch_id))).first()
        return None if row is None else _batch(row)

    async def revoke(self, batch_id: int) -> None:
        """Let no more devices in by it; those that came stay."""
        valid = (batches.c.id == batch_id) & batches.c.revoked_at.is_(None)
        async with self._ground.store.begin() as connection:
            await connection.execute(sa.update(batches).where(valid).values(revoked_at=self._ground.now()))

    async def admit(self, token: str, candidate: Candidate) -> Device | None:
        """Make the candidate a device of the batch's group; None where the token is not, or no more, valid.

        Raises :class:`Problem` CONFLICT where the device is somebody's by now, TOO_MANY; then no use is counted.
        """
        if not is_batch_token(token) or not await self._is_valid(token):
            return None
        used = sa.update(batches).where(self._valid(token)).values(uses=batches.c.uses + 1).returning(*_BATCH)
        async with self._ground.store.begin() as connection:
            row = (await connection.execute(used)).first()
            if row is None:
                return None
            batch = _batch(row)
            new = NewDevice(
                candidate.gateway_id,
                batch.group_id,
                await free_name(connection, batch.group_id, candidate.wanted_name),
                f"batch {batch.label}",
                candidate.public_key,
                candidate.bearer_digest,
            )
            return await self._ground.add_device(connection, new)

    async def _is_valid(self, token: str) -> bool:
        # Reading first: a stream of wrong tokens must not queue up where the store writes.
        async with self._ground.store.read() as connection:
            return await connection.scalar(sa.select(batches.c.id).where(self._valid(token))) is not None

    def _valid(self, token: str) -> sa.ColumnElement[bool]:
        return (
            (batches.c.token_digest == digest_of(token))
            & (batches.c.uses < batches.c.max_uses)
            & (batches.c.expires_at > self._ground.now())
            & batches.c.revoked_at.is_(None)
        )


def is_batch_token(token: str) -> bool:
    """Whether a text has the form of a batch's token."""
    return _FORM.fullmatch(token) is not None


def _batch(row: Row[*tuple[object, ...]]) -> Batch:
    return Batch(**row._mapping)
