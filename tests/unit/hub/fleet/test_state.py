"""What devices say becomes live state, events and rows."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from foundation.bus import EventBus
from foundation.store.database import Store
from hub.events import AnyHubEvent, DeviceOnline
from hub.fleet.announcer import Announcer
from hub.fleet.pending import Pending
from hub.fleet.state import FleetState
from hub.fleet.writer import FleetWriter
from hub.ports import DeviceRow
from hub.store.tables.devices import devices
from hub.store.tables.fleet import device_health, device_live, device_sessions
from protocol import events as wire
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.fleet.examples import NOW, ROW, active, health, hello, later
from tests.unit.hub.fleet.stores import add_devices


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Fleet:
    """The state of one node, and its writer."""

    def __init__(self, store: Store, node: str = "one") -> None:
        self.clock = Clock()
        self.told: list[AnyHubEvent] = []
        announcer = Announcer(EventBus[AnyHubEvent]())
        announcer.on_publish(self.told.append)
        self.pending = Pending()
        self.state = FleetState(announcer, self.pending)
        announcer.on_relayed(self.state.elsewhere)
        self.announcer = announcer
        self.store = store
        self.writer = FleetWriter(store, self.pending, announcer, node, self.clock)

    def types(self) -> list[str]:
        """What was told since the last time."""
        types: list[str] = [event.type for event in self.told]
        self.told.clear()
        return types

    async def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        """All rows of a table."""
        async with self.store.read() as connection:
            return [dict(row._mapping) for row in await connection.execute(sa.select(table))]


@pytest.fixture
def fleet(store: Store) -> Fleet:
    return Fleet(store)


async def test_a_device_comes_says_how_it_is_and_goes(fleet: Fleet) -> None:
    fleet.state.connected(ROW, hello(features=("streams/1",), allows=("health",)), NOW)
    fleet.state.heard(ROW.id, health(active("s1", name="fix it", status="waiting"), cpu_percent=42.0), NOW)
    assert fleet.types() == ["device.online"]
    assert await fleet.writer.flush()
    (row,) = await fleet.rows(device_live)
    assert (row["online"], row["node"], row["version"], row["cpu_percent"]) == (True, "one", "0.2.0", 42.0)
    assert (row["features"], row["allows"], row["sessions"], row["waiting"]) == (["streams/1"], ["health"], 1, 1)
    (session,) = await fleet.rows(device_sessions)
    assert (session["name"], session["status"], session["since"]) == ("fix it", "waiting", NOW)
    fleet.state.disconnected(ROW.id, "gone", later(40))
    assert fleet.types() == ["device.offline"]
    assert len(fleet.state) == 0
    await fleet.writer.flush()
    (row,) = await fleet.rows(device_live)
    assert (row["online"], row["since"], row["last_seen_at"]) == (False, later(40), NOW)
    assert [sample["at"] for sample in await fleet.rows(device_health)] == [NOW]


async def test_who_comes_and_goes_is_written_promptly_for_other_nodes(fleet: Fleet) -> None:
    writing = asyncio.create_task(fleet.writer.run(every=3600, promptly=True))
    async with asyncio.timeout(20):
        for online in (True, False):
            if online:
                fleet.state.connected(ROW, hello(), NOW)
            else:
                fleet.state.disconnected(ROW.id, "gone", NOW)
            while [row["online"] for row in await fleet.rows(device_live)] != [online]:
                continue
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


async def test_what_sessions_do_is_written_soon_for_other_nodes(fleet: Fleet) -> None:
    fleet.state.connected(ROW, hello(), NOW)
    fleet.state.heard(ROW.id, health(active("s1", name="fix it", status="working")), NOW)
    assert await fleet.writer.flush()
    fleet.state.heard(ROW.id, wire.SessionChanged(session=active("s1", name="fix it", status="waiting")), NOW)
    writing = asyncio.create_task(fleet.writer.run(every=0, promptly=True, soon=0))
    async with asyncio.timeout(20):
        while [row["status"] for row in await fleet.rows(device_sessions)] != ["waiting"]:
            continue
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


async def test_a_device_that_goes_before_it_was_written_is_written_as_gone(fleet: Fleet) -> None:
    fleet.state.connected(ROW, hello(), NOW)
    fleet.state.disconnected(ROW.id, "gone", later(1))
    await fleet.writer.flush()
    (row,) = await fleet.rows(device_live)
    assert (row["online"], row["since"]) == (False, later(1))


async def test_health_is_written_once_a_minute_and_what_a_person_would_see_when_one_looks(fleet: Fleet) -> None:
    fleet.state.connected(ROW, hello(), NOW)
    fleet.state.heard(ROW.id, health(cpu_percent=1.0), NOW)
    await fleet.writer.flush()
    for seconds in (30, 59):
        fleet.clock.now = later(seconds)
        fleet.state.heard(ROW.id, health(active("s1", status="working"), cpu_percent=float(seconds)), later(seconds))
        await fleet.writer.flush()
        assert (await fleet.rows(device_live))[0]["cpu_percent"] == 1.0
    await fleet.writer.freshen()
    assert (await fleet.rows(device_live))[0]["working"] == 1
    fleet.clock.now = later(120)
    fleet.state.heard(ROW.id, health(cpu_percent=90.0), later(120))
    await fleet.writer.flush()
    assert (await fleet.rows(device_live))[0]["cpu_percent"] == 90.0
    assert await fleet.rows(device_sessions) == []


async def test_sessions_tell_of_themselves(fleet: Fleet) -> None:
    fleet.state.connected(ROW, hello(), NOW)
    fleet.state.heard(ROW.id, health(active("old")), NOW)
    assert fleet.types() == ["device.online"], "the sessions of the first message are no news"
    fleet.state.heard(ROW.id, wire.SessionChanged(session=active("s1", status="working", name="fix it")), NOW)
    fleet.state.heard(ROW.id, health(active("old"), active("s1", status="working", name="fix it")), later(30))
    assert fleet.types() == ["session.changed"], "the same once more is no news"
    fleet.state.heard(ROW.id, wire.SessionChanged(session=active("s1", status="waiting")), later(31))
    fleet.state.heard(ROW.id, wire.SessionError(session_id="s1", error="boom"), later(32))
    fleet.state.heard(ROW.id, wire.SessionEnded(session_id="s1", exit_code=3), later(33))
    fleet.state.heard(ROW.id, health(), later(60))
    assert [(event.type, getattr(event, "session_name", "")) for event in fleet.told] == [
        ("session.changed", "fix it"),
        ("session.failed", "fix it"),
        ("session.ended", "fix it"),
        ("session.ended", "old"),
    ]
    assert fleet.state.get(ROW.id) is not None


async def test_a_session_keeps_the_moment_from_which_it_waits(fleet: Fleet) -> None:
    fleet.state.connected(ROW, hello(), NOW)
    fleet.state.heard(ROW.id, health(active("s1", status="waiting")), NOW)
    fleet.state.heard(ROW.id, health(active("s1", status="waiting", title="other")), later(30))
    live = fleet.state.get(ROW.id)
    assert live is not None
    assert live.sessions["s1"].since == NOW
    fleet.state.heard(ROW.id, health(active("s1", status="working")), later(60))
    assert live.sessions["s1"].since == later(60)


async def test_policy_updates_and_floods_are_told(fleet: Fleet) -> None:
    fleet.state.connected(ROW, hello(), NOW)
    fleet.types()
    fleet.state.heard(ROW.id, wire.GatewayPolicy(allows=("health",)), NOW)
    fleet.state.heard(ROW.id, wire.GatewayUpdated(request_id="r", version="0.3.0"), NOW)
    fleet.state.heard(ROW.id, wire.GatewayUpdateFailed(request_id="r", error="no space"), NOW)
    flood = Problem(ProblemCode.RUNAWAY_OUTPUT, "Too much.", {"bytes_per_second": 9e6})
    fleet.state.runaway(ROW.id, "s1", flood, NOW)
    fleet.state.runaway(ROW.id, "s1", flood, NOW)
    fleet.state.tame(ROW.id, "s1", NOW)
    assert fleet.types() == [
        "device.changed",
        "update.finished",
        "update.finished",
        "session.runaway",
        "session.runaway",
    ]
    live = fleet.state.get(ROW.id)
    assert live is not None
    assert (live.allows, live.runaway) == (("health",), set())


async def test_who_reconnects_within_the_grace_was_never_away(fleet: Fleet) -> None:
    fleet.state.connected(ROW, hello(), NOW)
    fleet.state.heard(ROW.id, health(active("s1")), NOW)
    fleet.state.connected(ROW, hello(version="0.3.0"), later(5))
    assert [event.type for event in fleet.told] == ["device.online", "device.changed"]
    live = fleet.state.get(ROW.id)
    assert live is not None
    assert (live.since, live.version, list(live.sessions)) == (NOW, "0.3.0", ["s1"])


async def test_a_rollback_is_told_once_however_often_the_device_says_it(fleet: Fleet) -> None:
    back = wire.Rollback(version="0.3.0", reason="no network after the update", at=NOW)
    for seconds in (0, 100):
        fleet.clock.now = later(seconds)
        fleet.state.connected(ROW, hello(rollback=back), later(seconds))
        await fleet.writer.flush()
        fleet.state.disconnected(ROW.id, "gone", later(seconds + 50))
        await fleet.writer.flush()
    assert fleet.types().count("device.rolled_back") == 1


async def test_a_device_that_moved_to_another_node_is_not_told_to_be_gone(store: Store) -> None:
    one, two = Fleet(store, "one"), Fleet(store, "two")
    one.state.connected(ROW, hello(), NOW)
    await one.writer.flush()
    two.state.connected(ROW, hello(), later(10))
    await two.writer.flush()
    one.announcer.relayed(next(event for event in two.told if isinstance(event, DeviceOnline)))
    one.state.disconnected(ROW.id, "gone", later(30))
    assert one.types() == ["device.online"]
    await one.writer.flush()
    assert [(row["online"], row["node"]) for row in await one.rows(device_live)] == [(True, "two")]


async def test_a_late_word_of_the_old_node_does_not_hide_the_new_one(store: Store) -> None:
    one, two = Fleet(store, "one"), Fleet(store, "two")
    one.state.connected(ROW, hello(), NOW)
    await one.writer.flush()
    two.state.connected(ROW, hello(), later(10))
    await two.writer.flush()
    one.state.disconnected(ROW.id, "gone", later(30))
    await one.writer.flush()
    assert [(row["online"], row["node"]) for row in await one.rows(device_live)] == [(True, "two")]


async def test_after_a_crash_nobody_is_connected_to_this_node(store: Store) -> None:
    one, two = Fleet(store, "one"), Fleet(store, "two")
    await add_devices(store, ["other"])
    one.state.connected(ROW, hello(), NOW)
    two.state.connected(DeviceRow("other", 1, 1, "other"), hello("other"), NOW)
    await one.writer.flush()
    await two.writer.flush()
    again = Fleet(store, "one")
    again.clock.now = later(9)
    await again.writer.start(alone=False)
    rows = {row["device_id"]: (row["online"], row["since"]) for row in await one.rows(device_live)}
    assert rows == {ROW.id: (False, later(9)), "other": (True, NOW)}
    await again.writer.start(alone=True)
    assert not any(row["online"] for row in await one.rows(device_live))


async def test_the_devices_of_a_dead_node_are_offline_unless_they_came_to_another(store: Store) -> None:
    one, two = Fleet(store, "one"), Fleet(store, "two")
    await add_devices(store, ["other"])
    for device_id in (ROW.id, "other"):
        one.state.connected(DeviceRow(device_id, 1, 1, device_id), hello(device_id), NOW)
    await one.writer.flush()
    two.state.connected(ROW, hello(), later(5))
    await two.writer.flush()
    two.told.clear()
    await two.writer.node_lost("one")
    await two.writer.node_lost("one")
    assert [(event.type, getattr(event, "device_id", None)) for event in two.told] == [("device.offline", "other")]
    assert {row["device_id"]: row["online"] for row in await two.rows(device_live)} == {ROW.id: True, "other": False}


async def test_a_device_that_was_removed_does_not_hold_up_the_others(fleet: Fleet) -> None:
    await add_devices(fleet.store, ["removed"])
    fleet.state.connected(ROW, hello(), NOW)
    fleet.state.connected(DeviceRow("removed", 1, 1, "removed"), hello("removed"), NOW)
    fleet.state.heard("removed", health(active("s1"), device_id="removed"), NOW)
    async with fleet.store.begin() as connection:
        await connection.execute(sa.delete(devices).where(devices.c.id == "removed"))
    fleet.state.heard("removed", health(device_id="removed"), NOW + timedelta(minutes=6))
    assert await fleet.writer.flush()
    assert [row["device_id"] for row in await fleet.rows(device_live)] == [ROW.id]
    assert await fleet.rows(device_health) == []


async def test_what_could_not_be_written_is_written_later(fleet: Fleet) -> None:
    fleet.state.connected(ROW, hello(), NOW)
    fleet.state.heard(ROW.id, health(active("s1")), NOW)
    fleet.state.heard(ROW.id, health(active("s1")), later(301))
    fleet.clock.now = later(301)
    async with fleet.store.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE device_health RENAME TO away"))
    assert not await fleet.writer.flush()
    assert await fleet.rows(device_live) == []
    async with fleet.store.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE away RENAME TO device_health"))
    assert await fleet.writer.flush()
    assert len(await fleet.rows(device_live)) == len(await fleet.rows(device_sessions)) == 1
    assert len(await fleet.rows(device_health)) == 1
