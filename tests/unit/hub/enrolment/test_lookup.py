from __future__ import annotations

import asyncio

import pytest

from hub.enrolment.lookup import Lookup
from protocol.problems import Problem, ProblemCode


async def at_once() -> None:
    """No pause."""


class Table:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.rows = {f"k{number}": number for number in range(2_000)}
        self.queries: list[list[str]] = []
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.problem: Problem | None = None

    async def find(self, keys: list[str]) -> dict[str, int]:
        self.queries.append(keys)
        self.asked.set()
        rows = {key: self.rows[key] for key in keys if key in self.rows}
        await self.gate.wait()
        if self.problem is not None:
            raise self.problem
        return rows


async def test_those_that_ask_while_a_query_runs_share_the_next_ones() -> None:
    table = Table()
    lookup = Lookup(table.find, 500, at_once)
    asked = [asyncio.create_task(lookup.get(f"k{number}")) for number in range(2_000)]
    table.gate.set()
    assert await asyncio.gather(*asked) == list(range(2_000))
    assert len(table.queries) <= 5


async def test_an_answer_is_never_older_than_its_question() -> None:
    table = Table()
    lookup = Lookup(table.find, pause=at_once)
    before = asyncio.create_task(lookup.get("k1"))
    await table.asked.wait()
    table.rows["k1"] = -1
    after = asyncio.create_task(lookup.get("k1"))
    await asyncio.sleep(0)
    table.gate.set()
    assert await before == 1
    assert await after == -1


async def test_what_is_not_there_is_none() -> None:
    table = Table()
    table.gate.set()
    assert await Lookup(table.find, pause=at_once).get("other") is None


async def test_a_problem_reaches_all_who_asked_and_the_next_is_answered() -> None:
    table = Table()
    table.problem = Problem(ProblemCode.UNAVAILABLE, "The database does not answer.")
    lookup = Lookup(table.find, pause=at_once)
    asked = [asyncio.create_task(lookup.get("k1")) for _ in range(3)]
    table.gate.set()
    for answer in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(answer, Problem)
    table.problem = None
    assert await lookup.get("k1") == 1


async def test_one_who_gives_up_takes_the_answer_from_nobody() -> None:
    table = Table()
    lookup = Lookup(table.find, pause=at_once)
    one, two = asyncio.create_task(lookup.get("k1")), asyncio.create_task(lookup.get("k1"))
    await table.asked.wait()
    one.cancel()
    table.gate.set()
    assert await two == 1


async def test_closing_tells_those_who_wait() -> None:
    table = Table()
    lookup = Lookup(table.find, pause=at_once)
    asked = asyncio.create_task(lookup.get("k1"))
    await table.asked.wait()
    await lookup.close()
    with pytest.raises(Problem) as refusal:
        await asked
    assert refusal.value.code is ProblemCode.UNAVAILABLE


async def test_questions_of_a_pause_are_answered_together() -> None:
    table = Table()
    table.gate.set()
    paused, over = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        paused.set()
        await over.wait()

    lookup = Lookup(table.find, pause=pause)
    assert await lookup.get("k0") == 0
    await paused.wait()
    asked = [asyncio.create_task(lookup.get(f"k{number}")) for number in range(300)]
    await asyncio.sleep(0)
    over.set()
    assert await asyncio.gather(*asked) == list(range(300))
    assert len(table.queries) == 2
