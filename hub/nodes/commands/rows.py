"""Rows of the table of commands, and the steps they take: each one a statement that only fits the state before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.store.light import AsyncConnection
from hub.nodes.commands.repeats import RULES, Repeat
from hub.nodes.commands.types import MAX_ATTEMPTS, WAITING, CommandState, QueuedCommand
from hub.store.tables.nodes import commands, presence

_AGAIN: Final = tuple(name for name, rule in RULES.items() if rule.repeat in (Repeat.SAFE, Repeat.NAMED))
AnyRow = Row[tuple[object, ...]]


def as_command(row: AnyRow) -> QueuedCommand:
    """Without its answer."""
    return QueuedCommand(
        id=row.id,
        device_id=row.device_id,
        type=row.type,
        person=row.person,
        state=CommandState(row.state),
        created_at=row.created_at,
        expires_at=row.expires_at,
        sent_at=row.sent_at,
        finished_at=row.finished_at,
        attempts=row.attempts,
        error=row.error,
        answered=row.answer is not None,
    )


async def find(connection: AsyncConnection, device_id: str, command_id: int) -> AnyRow | None:
    """One row."""
    query = sa.select(commands).where(commands.c.device_id == device_id, commands.c.id == command_id)
    return (await connection.execute(query)).one_or_none()


async def find_by_key(connection: AsyncConnection, device_id: str, owner: str, key: str) -> AnyRow | None:
    """The row of an Idempotency-Key."""
    query = sa.select(commands).where(
        commands.c.device_id == device_id, commands.c.key_owner == owner, commands.c.idempotency_key == key
    )
    return (await connection.execute(query)).one_or_none()


async def waiting(connection: AsyncConnection, device_id: str) -> int:
    """How many are not over."""
    query = sa.select(sa.func.count()).where(commands.c.device_id == device_id, commands.c.state.in_(WAITING))
    return await connection.scalar(query) or 0


async def first(connection: AsyncConnection, device_id: str) -> AnyRow | None:
    """The device's first command that is not over, locked until the transaction ends."""
    query = (
        sa.select(commands)
        .where(commands.c.device_id == device_id, commands.c.state.in_(WAITING))
        .order_by(commands.c.id)
        .limit(1)
        .with_for_update()
    )
    return (await connection.execute(query)).one_or_none()


async def send(connection: AsyncConnection, row: AnyRow, node_id: str, now: datetime) -> None:
    """Before it goes out."""
    await connection.execute(
        sa.update(commands)
        .where(commands.c.id == row.id)
        .values(state=CommandState.SENT, node_id=node_id, sent_at=now, attempts=commands.c.attempts + 1)
    )


async def finish(
    connection: AsyncConnection,
    row: AnyRow,
    node_id: str,
    state: CommandState,
    now: datetime,
    *,
    error: str | None = None,
    answer: bytes | None = None,
) -> bool:
    """It is over. Also where this node was taken for dead meanwhile: what it knows is better than not to know."""
    done = await connection.execute(
        sa.update(commands)
        .where(
            commands.c.id == row.id,
            commands.c.node_id == node_id,
            commands.c.state.in_((CommandState.SENT, CommandState.UNKNOWN)),
        )
        .values(state=state, finished_at=now, error=None if error is None else error[:1024], answer=answer)
    )
    return done.rowcount > 0


async def put_back(connection: AsyncConnection, row: AnyRow, node_id: str, *, sent: bool) -> bool:
    """It waits again; ``sent`` False when it never went out, which does not count as an attempt."""
    done = await connection.execute(
        sa.update(commands)
        .where(commands.c.id == row.id, commands.c.node_id == node_id, commands.c.state == CommandState.SENT)
        .values(
            state=CommandState.PENDING, node_id=None, attempts=commands.c.attempts if sent else commands.c.attempts - 1
        )
    )
    return done.rowcount > 0


async def recover(connection: AsyncConnection, node_id: str, now: datetime) -> tuple[Sequence[AnyRow], list[str]]:
    """What a dead node had sent, told again where that is safe.

    The answer: what is over, with an unknown end; and the devices for which the way is free again.
    """
    mine = sa.and_(commands.c.node_id == node_id, commands.c.state == CommandState.SENT)
    free = list(await connection.scalars(sa.select(commands.c.device_id).distinct().where(mine)))
    again = sa.and_(commands.c.type.in_(_AGAIN), commands.c.attempts < MAX_ATTEMPTS)
    await connection.execute(sa.update(commands).where(mine, again).values(state=CommandState.PENDING, node_id=None))
    message = "The hub was interrupted before the answer came. Look on the device whether it happened."
    over = await connection.execute(
        sa.update(commands)
        .where(mine)
        .values(state=CommandState.UNKNOWN, finished_at=now, error=message)
        .returning(commands)
    )
    found: Sequence[AnyRow] = over.all()
    return found, free


async def expire(connection: AsyncConnection, now: datetime, device_id: str | None = None) -> Sequence[AnyRow]:
    """What waited too long, for one device or for all."""
    whose = sa.true() if device_id is None else commands.c.device_id == device_id
    over = await connection.execute(
        sa.update(commands)
        .where(commands.c.state == CommandState.PENDING, commands.c.expires_at <= now, whose)
        .values(state=CommandState.EXPIRED, finished_at=now, error="The device did not come in time.")
        .returning(commands)
    )
    found: Sequence[AnyRow] = over.all()
    return found


async def with_work(connection: AsyncConnection, device_ids: Sequence[str], node_id: str) -> list[str]:
    """Those of these devices for which commands wait, or are this node's to send."""
    query = sa.select(commands.c.device_id).distinct().where(_is_work(node_id))
    return list(await connection.scalars(query.where(commands.c.device_id.in_(device_ids))))


async def with_work_on(connection: AsyncConnection, node_id: str) -> list[str]:
    """The devices of a node for which commands wait, or are this node's to send."""
    query = (
        sa.select(commands.c.device_id)
        .distinct()
        .join(presence, presence.c.device_id == commands.c.device_id)
        .where(_is_work(node_id), presence.c.node_id == node_id)
    )
    return list(await connection.scalars(query))


def _is_work(node_id: str) -> sa.ColumnElement[bool]:
    mine = sa.and_(commands.c.state == CommandState.SENT, commands.c.node_id == node_id)
    return sa.or_(commands.c.state == CommandState.PENDING, mine)
