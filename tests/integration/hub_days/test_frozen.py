"""PostgreSQL and nats-server that hang: they keep every connection, take new ones, and answer nothing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from protocol.commands import SessionInput
from protocol.problems import ProblemCode
from tests.integration.hub_days.test_nats import TYPING
from tests.integration.hub_days.town import WITHIN, Answer, Json, Town, town
from tests.nats import NatsServer
from tests.postgres import Postgres

COMMANDS: Final = "/api/devices/garden-1/commands"
RESIZE: Final[Json] = {"type": "session.resize", "session_id": "s-1", "cols": 80, "rows": 24}
PATIENCE: Final = 1.0
"""Seconds for the database in these tests."""
BOUND: Final = 12.0
"""Seconds after which a person has been told, whatever they asked: the patience for a connection, for an answer and for
the record of the refusal, each with what it takes to give a connection up."""


async def told(town: Town, method: str, path: str, body: JsonValue = None) -> Answer:
    """What the hub says in time."""
    async with asyncio.timeout(BOUND):
        return await town.ask(method, path, body)


async def reaches(node: Town) -> None:
    """Wait until this node gets through to the device."""
    async with asyncio.timeout(WITHIN):
        while (answer := await node.ask("POST", COMMANDS, RESIZE)).status != 200:
            assert answer.status == 503, answer


async def refused(town: Town) -> None:
    """Everything that needs the database, all at once: more requests than there are connections to it."""
    asked: tuple[tuple[str, str, JsonValue], ...] = (
        ("GET", "/api/devices", None),
        ("GET", "/api/rollouts", None),
        ("POST", "/api/devices/garden-1/commands?queue=true", TYPING),
        ("POST", "/api/auth/login", {"username": "ada", "password": "x"}),
    )
    answers = await asyncio.gather(*(told(town, *one) for one in asked * 3))
    assert {(answer.status, answer.code) for answer in answers} == {(503, ProblemCode.UNAVAILABLE)}, answers
    async with asyncio.timeout(BOUND):
        status, text = await town.page("/")
    assert (status, "database" in text or "store" in text) == (503, True), text[:2000]
    async with asyncio.timeout(2 * BOUND):
        while (health := await town.ask("GET", "/health")).status != 503:
            assert health.status == 200


async def test_a_hub_outlives_a_database_that_hangs(postgresql_hub: str, postgres: Postgres, tmp_path: Path) -> None:
    environ = {"HUTCH_HUB_DATABASE_URL": postgresql_hub, "HUTCH_HUB_DATABASE_SECONDS": str(PATIENCE)}
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(town(tmp_path / "hub", environ))
        waiting, late = [await hub.gateway(name) for name in ("garden-1", "garden-2")]
        assert (await hub.queue("garden-1", TYPING)).status == 202
        await stack.enter_async_context(late.running())
        _, device_id = await stack.enter_async_context(hub.device(tmp_path / "device"))
        session_id = await hub.session(device_id, "notes")
        view = await stack.enter_async_context(hub.watching(device_id, session_id))
        await view.echoes("before")
        await hub.online("garden-2", device_id)
        with postgres.frozen():
            await refused(hub)
            # Nobody lost a connection, and somebody who works keeps working.
            await view.echoes("meanwhile")
            await stack.enter_async_context(waiting.running())
        await hub.online("garden-1", "garden-2", device_id)
        assert await hub.settled("garden-1") == ["acked"]
        await view.echoes("afterwards")
        assert (hub.hub.alive, view.closed, view.problems, view.snapshots) == (True, False, [], 1)
        assert (await hub.page("/"))[0] == 200
        assert not [line for line in hub.hub.logged if "Traceback" in line or '"error"' in line]
    # What was refused while it hung was not accepted, and what was accepted happened once.
    assert [command.data for command in waiting.heard(SessionInput)] == [b"1"]


async def test_a_hub_of_two_nodes_outlives_nats_that_hangs(
    postgresql_hub: str, nats: NatsServer, tmp_path: Path
) -> None:
    environ = {
        "HUTCH_HUB_DATABASE_URL": postgresql_hub,
        "HUTCH_HUB_NATS_URL": nats.url,
        "HUTCH_HUB_KEY_FILE": str(tmp_path / "hub.key"),
    }
    async with AsyncExitStack() as stack:
        holder = await stack.enter_async_context(town(tmp_path / "one", environ))
        other = await holder.another_node(tmp_path / "two", stack)
        gateway = await holder.gateway("garden-1")
        await stack.enter_async_context(gateway.running())
        await holder.online("garden-1")
        await reaches(other)
        gateway.told.clear()
        with nats.frozen():
            first = await told(other, "POST", COMMANDS, RESIZE)
            assert first.status in (503, 504), first
            assert first.code in (ProblemCode.UNAVAILABLE, ProblemCode.TIMEOUT), first
            # By now it is known, and said at once.
            again = await told(other, "POST", COMMANDS, RESIZE)
            assert (again.status, again.code) == (503, ProblemCode.UNAVAILABLE), again
            assert "NATS between the nodes does not answer" in str(again.body)
            assert (await told(holder, "POST", COMMANDS, RESIZE)).status == 200
            assert (await other.queue("garden-1", TYPING)).status == 202
            # The node with the device looks by itself: nobody could wake it.
            await gateway.until(lambda: bool(gateway.heard(SessionInput)))
            assert await asyncio.to_thread(other.hub.stop) == 0
        await other.close()
        await other.start()
        await reaches(other)
        assert await other.settled("garden-1") == ["acked"]
    assert (gateway.connections, len(gateway.heard(SessionInput))) == (1, 1)
