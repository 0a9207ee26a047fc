"""The same conversations over PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.conversations.types import NewMessage, TurnState
from tests.integration.conversations.rig import Rig, running
from tests.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


@pytest.fixture
async def rig(tmp_path: Path, postgres_url: str) -> AsyncIterator[Rig]:
    async with running(tmp_path, url=postgres_url) as found:
        yield found


async def test_a_turn_is_kept_found_and_forgotten(rig: Rig) -> None:
    talk = await rig.begin()
    assert (await rig.do(talk, "say the quick brown fox", "context 5 10 0.5")).state is TurnState.DONE
    first = await rig.conversations.send(talk.id, NewMessage("say x", id="mine"))
    assert (await rig.conversations.send(talk.id, NewMessage("say x", id="mine"))).id == first.id
    await rig.conversations.wait(talk.id, first.id)
    found = await rig.conversations.search("quick bro")
    assert {hit.role for hit in found} == {"user", "agent"}
    assert any("\x02quick\x03" in hit.snippet for hit in found)
    assert await rig.conversations.search("' & !") == []
    [day] = await rig.talks.usage.since(first.started_at.replace(hour=0, minute=0))
    assert (day.turns, day.cost_usd) == (2, 0.5)
    await rig.conversations.remove(talk.id)
    assert await rig.conversations.search("quick") == []
