"""PostgreSQL goes away and comes back under a running hub."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from pydantic import JsonValue

from protocol.commands import SessionInput
from protocol.problems import ProblemCode
from tests.integration.hub_days.town import Json, Town
from tests.postgres import Postgres

TYPING: Json = {"type": "session.input", "session_id": "s-1", "data": "MQ=="}


async def refused(town: Town) -> None:
    """What people see of a hub without its database: what is wrong and what to do, on every way to it."""
    asked: tuple[tuple[str, str, JsonValue], ...] = (
        ("GET", "/api/devices", None),
        ("GET", "/api/rollouts", None),
        ("POST", "/api/devices/garden-1/commands?queue=true", TYPING),
        ("POST", "/api/auth/login", {"username": "ada", "password": "x"}),
    )
    for method, path, body in asked:
        answer = await town.ask(method, path, body)
        assert (answer.status, answer.code) == (503, ProblemCode.UNAVAILABLE), (path, answer)
    for path in ("/", "/sessions", "/rollouts"):
        status, text = await town.page(path)
        assert (status, "database does not answer" in text) == (503, True), (path, text[:2000])
    health = await town.ask("GET", "/health")
    assert (health.status, health.body["status"]) == (503, "unhealthy")


async def test_a_hub_outlives_its_database(on_postgresql: Town, postgres: Postgres, tmp_path: Path) -> None:
    town = on_postgresql
    waiting, late = [await town.gateway(name) for name in ("garden-1", "garden-2")]
    accepted = await town.queue("garden-1", TYPING)
    assert accepted.status == 202
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(late.running())
        _, device_id = await stack.enter_async_context(town.device(tmp_path / "device"))
        session_id = await town.session(device_id, "notes")
        view = await stack.enter_async_context(town.watching(device_id, session_id))
        await view.echoes("before")
        await town.online("garden-2", device_id)
        await asyncio.to_thread(postgres.stop)
        stack.push_async_callback(asyncio.to_thread, _ensure_started, postgres)
        await refused(town)
        # What needs no database goes on: nobody lost a connection, and somebody who works keeps working.
        await view.echoes("meanwhile")
        await stack.enter_async_context(waiting.running())
        await waiting.until(lambda: waiting.refusals > 1)
        await late.restart("1.0.1")
        await late.until(lambda: late.refusals > 1)
        await asyncio.to_thread(postgres.start)
        await town.online("garden-1", "garden-2", device_id)
        assert await town.settled("garden-1") == ["acked"]
        await view.echoes("afterwards")
        assert (town.hub.alive, view.closed, view.problems, view.snapshots) == (True, False, [], 1)
        assert (await town.page("/"))[0] == 200
    assert [command.data for command in waiting.heard(SessionInput)] == [b"1"]
    assert not [line for line in town.hub.logged if "Traceback" in line or '"error"' in line]


def _ensure_started(postgres: Postgres) -> None:
    """The server is this whole run's."""
    if not postgres.running:
        postgres.start()
