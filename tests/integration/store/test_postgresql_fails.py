"""What PostgreSQL says when it cannot, as problems that say what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from protocol.problems import Problem, ProblemCode
from tests.doubles.ledger.schema import LEDGER
from tests.postgres import Postgres

ONE = sa.text("SELECT 1")


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Store]:
    made = await Store.open(postgres_url, LEDGER)
    yield made
    await made.close()


async def refused(store: Store, statement: sa.TextClause) -> Problem:
    with pytest.raises(Problem) as caught:
        async with store.begin() as connection:
            await connection.execute(statement)
    return caught.value


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        ("53100", ProblemCode.DISK_FULL, "Free some space"),
        ("53200", ProblemCode.UNAVAILABLE, "Try again"),
        ("40P01", ProblemCode.UNAVAILABLE, "Try again"),
        ("40001", ProblemCode.UNAVAILABLE, "Try again"),
        ("57P01", ProblemCode.UNAVAILABLE, "does not answer"),
        ("25006", ProblemCode.UNAVAILABLE, "only lets us read"),
        ("XX000", ProblemCode.INTERNAL, "See the log"),
    ],
)
async def test_each_kind_of_refusal_says_what_to_do(store: Store, state: str, code: ProblemCode, words: str) -> None:
    raising = sa.text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")
    problem = await refused(store, raising)
    assert (problem.code, words in problem.message) == (code, True), problem


async def restart(postgres: Postgres) -> None:
    await asyncio.to_thread(postgres.stop)
    await asyncio.to_thread(postgres.start)


async def restarted_in_between(store: Store, postgres: Postgres) -> None:
    async with store.begin() as connection:
        await connection.execute(ONE)
        await restart(postgres)
        await connection.execute(ONE)


async def restarted_before(store: Store, postgres: Postgres) -> None:
    async with store.begin() as connection:
        await connection.execute(ONE)
    await restart(postgres)
    async with store.begin() as connection:
        await connection.execute(ONE)


@pytest.mark.parametrize("work", [restarted_in_between, restarted_before])
async def test_a_connection_that_the_server_dropped_is_said_to_be_lost_once(
    store: Store, postgres: Postgres, work: Callable[[Store, Postgres], Awaitable[None]]
) -> None:
    with pytest.raises(Problem, match="does not answer") as caught:
        await work(store, postgres)
    assert caught.value.code is ProblemCode.UNAVAILABLE
    async with store.begin() as connection:
        assert await connection.scalar(ONE) == 1
