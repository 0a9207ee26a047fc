"""A database that goes away and comes back, and a disk that is full."""

from __future__ import annotations

import asyncio
from pathlib import Path

import sqlalchemy as sa

from hub.config import HubSettings
from protocol.problems import ErrorAnswer, ProblemCode
from tests.integration.hub.people.test_people import refused
from tests.integration.hub.rig import HERE, PASSWORD, running, world_at
from tests.postgres import Postgres


async def test_a_database_that_goes_away_is_told_and_one_that_comes_back_is_used(
    postgres: Postgres, postgresql_hub: str, tmp_path: Path
) -> None:
    async with world_at(postgresql_hub, tmp_path) as world, running(world, HubSettings(data=tmp_path)) as rig:
        _, secret = await world.set_up()
        rig.secrets["ann"] = secret
        async with await rig.as_(None, "GET", "/health") as response:
            assert response.status == 200
        await asyncio.to_thread(postgres.stop)
        try:
            world.clocks.turn(seconds=6)
            async with await rig.as_("ann", "GET", "/api/auth/me") as response:
                said = ErrorAnswer.model_validate_json(await response.read()).error
            assert said.code is ProblemCode.UNAVAILABLE
            assert "database does not answer" in said.message
            await refused(world.people.logins.log_in("ann", PASSWORD, HERE), ProblemCode.UNAVAILABLE)
        finally:
            await asyncio.to_thread(postgres.start)
        async with await rig.as_("ann", "GET", "/api/auth/me") as response:
            assert response.status == 200
        await world.people.logins.log_in("ann", PASSWORD, HERE)


async def test_a_full_disk_is_told_and_loses_nothing(sqlite_hub: str, tmp_path: Path) -> None:
    async with world_at(sqlite_hub, tmp_path) as world, running(world, HubSettings(data=tmp_path)) as rig:
        _, secret = await world.set_up()
        rig.secrets["ann"] = secret
        async with world.store.read() as connection:
            pages = await connection.scalar(sa.text("PRAGMA page_count"))
            await connection.execute(sa.text(f"PRAGMA max_page_count={pages}"))
        accepted: list[str] = []
        refusals: list[ProblemCode] = []
        for number in range(400):
            name = f"Group number {number} with quite a long name to fill the page"
            async with await rig.as_("ann", "POST", "/api/organisations/1/groups", {"name": name}) as response:
                if response.status != 201:
                    refusals.append(ErrorAnswer.model_validate_json(await response.read()).error.code)
                    break
                accepted.append(name)
        assert refusals == [ProblemCode.DISK_FULL]
        async with await rig.as_("ann", "GET", "/api/groups") as response:
            assert response.status == 200
            assert {*accepted} <= {group["name"] for group in (await response.json())["groups"]}
        async with world.store.read() as connection:
            await connection.execute(sa.text("PRAGMA max_page_count=1000000"))
