"""From what devices say to what people are told, over SQLite and PostgreSQL, with one node and with two."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from foundation.secrets_box import KEY_BYTES, SecretsBox
from foundation.store.database import Store
from hub.events import AnyHubEvent, DeviceDuplicated, RolloutChanged
from hub.fleet.alerts.types import Thresholds
from hub.fleet.notify.claims import Claims
from hub.fleet.notify.targets import Target, Whose, Wishes
from hub.fleet.notify.timing import GATHER, LEASE, RETRIES, SETTLES
from hub.fleet.service import Fleet, make_fleet
from hub.store.tables.devices import devices
from hub.store.tables.fleet import alerts, notifications
from hub.web.fleet_metrics import fleet_metrics
from protocol.problems import Problem
from tests.doubles.targets import KeptMessages
from tests.unit.hub.fleet.examples import GIB, NOW, ROW, Value, active, health, hello, later
from tests.unit.hub.fleet.test_state import Clock

BOX = SecretsBox(bytes(KEY_BYTES))
FULL: dict[str, Value] = {"disk_used_bytes": 95 * GIB}
WISHES = Wishes("phone", (), False, True, None, None, "UTC", False)


class Node:
    """A node of a hub, whose background work a test does step by step."""

    def __init__(self, store: Store, clock: Clock, name: str = "one") -> None:
        self.clock = clock
        self.sender = KeptMessages()
        self.fleet: Fleet = make_fleet(store, BOX, node=name, alone=False, sender=self.sender, clock=clock)
        self.told: list[AnyHubEvent] = []
        self.fleet.announcer.on_publish(self.told.append)

    async def work(self) -> None:
        """Everything that is to be done now."""
        await self.fleet.writer.flush()
        await self.fleet.engine.look_for_absent()
        await self.fleet.engine.work()
        await self.fleet.courier.round()

    def alerts(self) -> list[tuple[str, str]]:
        """The alerts that were told since the last time."""
        found: list[tuple[str, str]] = [
            (event.type, getattr(event, "rule", "")) for event in self.told if event.type.startswith("alert")
        ]
        self.told.clear()
        return found

    async def target(self, wishes: Wishes = WISHES, *, person: int | None = None, group: int | None = None) -> Target:
        """Somewhere to tell alerts."""
        return await self.fleet.targets.add(Whose(1, group, person), wishes, "json://hook.example.org/x")


async def pass_time(node: Node, amount: timedelta) -> None:
    node.clock.now += amount
    await node.work()


@pytest.fixture
async def node(either: Store) -> Node:
    made = Node(either, Clock())
    await made.fleet.start()
    return made


async def rows(node: Node, table: sa.Table) -> list[dict[str, object]]:
    async with node.fleet.alerts._store.read() as connection:
        return [dict(row._mapping) for row in await connection.execute(sa.select(table).order_by(table.c.id))]


def come(node: Node, **changes: Value) -> None:
    node.fleet.state.connected(ROW, hello(), node.clock.now)
    node.fleet.state.heard(ROW.id, health(**changes), node.clock.now)


async def test_a_full_disk_is_told_once_and_so_is_its_end(node: Node) -> None:
    await node.target()
    come(node, **FULL)
    await node.work()
    assert node.alerts() == [("alert.raised", "disk")]
    for _ in range(3):
        node.fleet.state.heard(ROW.id, health(**FULL), node.clock.now)
        await pass_time(node, GATHER)
    assert [message.title for _, message in node.sender.sent] == [
        "Hutch: attic: The disk is 95 % full. Remove what is not needed."
    ]
    node.fleet.state.heard(ROW.id, health(), node.clock.now)
    await node.work()
    assert node.alerts() == [("alert.cleared", "disk")]
    await pass_time(node, SETTLES + GATHER)
    await pass_time(node, timedelta(hours=1))
    assert [message.severity for _, message in node.sender.sent] == ["warning", None]
    assert {row["state"] for row in await rows(node, notifications)} == {"sent"}


async def test_what_flaps_is_one_alert_and_one_message(node: Node) -> None:
    await node.target()
    come(node, **FULL)
    await node.work()
    await pass_time(node, GATHER)
    for _ in range(5):
        node.fleet.state.heard(ROW.id, health(), node.clock.now)
        await pass_time(node, timedelta(seconds=30))
        node.fleet.state.heard(ROW.id, health(**FULL), node.clock.now)
        await pass_time(node, timedelta(seconds=30))
    (alert,) = await rows(node, alerts)
    assert (alert["times"], alert["cleared_at"]) == (6, None)
    assert len(node.sender.sent) == 1


async def test_what_was_over_before_it_was_told_is_told_when_it_comes_back(node: Node) -> None:
    await node.target()
    come(node, **FULL)
    await node.work()
    node.fleet.state.heard(ROW.id, health(), node.clock.now)
    await node.work()
    await pass_time(node, GATHER)
    assert node.sender.sent == []
    node.fleet.state.heard(ROW.id, health(**FULL), node.clock.now)
    await node.work()
    await pass_time(node, GATHER)
    assert [message.severity for _, message in node.sender.sent] == ["warning"]


async def test_who_heard_that_it_is_over_hears_that_it_came_back(node: Node) -> None:
    await node.target()
    come(node, **FULL)
    await node.work()
    await pass_time(node, GATHER)
    node.fleet.state.heard(ROW.id, health(), node.clock.now)
    await node.work()
    await pass_time(node, SETTLES + GATHER)
    node.fleet.state.heard(ROW.id, health(**FULL), node.clock.now)
    await node.work()
    await pass_time(node, GATHER)
    assert [message.severity for _, message in node.sender.sent] == ["warning", None, "warning"]


async def test_a_device_that_stays_away_is_told_and_its_return(node: Node) -> None:
    come(node)
    await node.work()
    node.fleet.state.disconnected(ROW.id, "gone", node.clock.now)
    await pass_time(node, timedelta(minutes=9))
    assert node.alerts() == []
    await pass_time(node, timedelta(minutes=1))
    await pass_time(node, timedelta(minutes=1))
    assert node.alerts() == [("alert.raised", "offline")]
    come(node)
    await node.work()
    assert node.alerts() == [("alert.cleared", "offline")]


async def test_a_group_decides_when(node: Node) -> None:
    await node.fleet.limits.set(1, Thresholds(offline_minutes=1, enabled=("offline", "waiting"), waiting_minutes=1))
    come(node, **FULL)
    node.fleet.state.heard(ROW.id, health(active("s1", status="waiting", name="fix")), node.clock.now)
    await pass_time(node, timedelta(minutes=1))
    node.fleet.state.heard(ROW.id, health(active("s1", status="waiting")), node.clock.now)
    await node.work()
    assert node.alerts() == [("alert.raised", "waiting")]
    node.fleet.state.disconnected(ROW.id, "gone", node.clock.now)
    await pass_time(node, timedelta(minutes=1))
    assert node.alerts() == [("alert.raised", "offline")]


async def test_a_copied_key_stays_an_alert_after_a_restart_for_a_day(node: Node, either: Store) -> None:
    come(node)
    node.fleet.announcer.publish(
        DeviceDuplicated(at=NOW, organisation_id=1, group_id=1, device_id=ROW.id, name="attic", source="192.0.2.1")
    )
    await node.work()
    assert node.alerts() == [("alert.raised", "duplicate_key")]
    again = Node(either, node.clock)
    await again.fleet.start()
    come(again)
    await again.work()
    assert again.alerts() == []
    again.clock.now += timedelta(hours=24)
    again.fleet.state.heard(ROW.id, health(), again.clock.now)
    await again.work()
    assert again.alerts() == [("alert.cleared", "duplicate_key")]


async def test_a_halted_rollout_is_an_alert_until_somebody_decides(node: Node) -> None:
    for state, expected in (
        ("running", []),
        ("halted", [("alert.raised", "rollout_halted")]),
        ("halted", []),
        ("running", [("alert.cleared", "rollout_halted")]),
    ):
        node.fleet.announcer.publish(
            RolloutChanged(organisation_id=1, group_id=1, rollout_id=7, version="0.3.0", state=state)
        )
        await node.work()
        assert node.alerts() == expected


async def test_two_nodes_raise_an_alert_once_and_one_of_them_tells(node: Node, either: Store) -> None:
    other = Node(either, node.clock, "two")
    await other.fleet.start()
    await node.target()
    come(node, **FULL)
    come(other, **FULL)
    await asyncio.gather(node.fleet.engine.work(), other.fleet.engine.work())
    assert len(node.alerts() + other.alerts()) == 1
    node.clock.now += GATHER
    await asyncio.gather(*(one.fleet.courier.round() for one in (node, other, node, other)))
    assert len(node.sender.sent) + len(other.sender.sent) == 1


async def test_quiet_hours_acknowledgement_and_a_cleared_alert_leave_a_target_in_peace(node: Node) -> None:
    night = Wishes("night", (), False, True, 0, 23 * 60 + 59, "UTC", True)
    await node.target(night)
    come(node, **FULL)
    await pass_time(node, timedelta(hours=1))
    assert node.sender.sent == []
    (alert,) = await node.fleet.alerts.open_alerts()
    await node.fleet.alerts.acknowledge(alert.id, "ada")
    await pass_time(node, timedelta(hours=24))
    assert node.sender.sent == []
    assert [row["state"] for row in await rows(node, notifications)] == ["dropped"]


async def test_targets_are_told_what_they_wish_and_what_their_person_may_see(node: Node) -> None:
    wanted = {
        "all": (WISHES, None, None, True),
        "heat": (Wishes("heat", ("heat",), False, True, None, None, "UTC", False), None, None, False),
        "critical": (Wishes("critical", (), True, True, None, None, "UTC", False), None, None, False),
        "other group": (WISHES, None, 2, False),
        "this group": (WISHES, None, 1, True),
        "ada": (WISHES, 1, None, True),
    }
    told = {}
    for name, (wishes, person, group, expected) in wanted.items():
        target = await node.target(wishes, person=person, group=group)
        told[target.id] = (name, expected)
    come(node, **FULL)
    await node.work()
    reached = {row["target_id"] for row in await rows(node, notifications)}
    assert {name for key, (name, _) in told.items() if key in reached} == {n for n, (*_, yes) in wanted.items() if yes}


async def test_a_target_that_refuses_is_tried_again_and_given_up_at_last(node: Node) -> None:
    target = await node.target()
    node.sender.refusing = True
    come(node, **FULL)
    await node.work()
    await pass_time(node, GATHER)
    assert (await node.fleet.targets.get(target.id)).last_error == "The target did not take the message."
    node.sender.refusing = False
    await pass_time(node, RETRIES[0])
    assert len(node.sender.sent) == 1
    assert (await node.fleet.targets.get(target.id)).last_error is None
    node.sender.refusing = True
    node.fleet.state.heard(ROW.id, health(temperature_celsius=90.0, **FULL), node.clock.now)
    await node.work()
    for pause in (GATHER, *RETRIES):
        await pass_time(node, pause)
    assert [row["state"] for row in await rows(node, notifications)] == ["sent", "failed"]


async def test_what_a_node_died_with_is_told_by_another(node: Node, either: Store) -> None:
    await node.target()
    come(node, **FULL)
    await node.work()
    node.clock.now += GATHER
    assert len(await Claims(either, node.clock).take()) == 1
    other = Node(either, node.clock, "two")
    await pass_time(other, LEASE - timedelta(seconds=1))
    assert other.sender.sent == []
    await pass_time(other, timedelta(seconds=1))
    assert len(other.sender.sent) == 1


async def test_the_alerts_of_a_removed_device_go_with_it(node: Node, either: Store) -> None:
    come(node, **FULL)
    await node.work()
    come(node, temperature_celsius=99.0, **FULL)
    async with either.begin() as connection:
        await connection.execute(sa.delete(devices).where(devices.c.id == ROW.id))
    await node.work()
    assert await node.fleet.alerts.open_alerts() == []


async def test_a_database_that_is_away_for_a_while_costs_no_alert(node: Node, either: Store) -> None:
    come(node, **FULL)
    async with either.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE alerts RENAME TO away"))
    with pytest.raises(Problem):
        await node.fleet.engine.work()
    async with either.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE away RENAME TO alerts"))
    await node.fleet.engine.work()
    assert node.alerts() == [("alert.raised", "disk")]


async def test_what_happened_is_kept_and_pruned(node: Node) -> None:
    come(node, **FULL)
    node.fleet.state.disconnected(ROW.id, "gone", later(1))
    await node.work()
    await node.fleet.trail.flush()
    happened = await node.fleet.trail.read(sa.true(), device_id=ROW.id, before=None, limit=10)
    assert [one.type for one in happened] == ["alert.raised", "device.offline", "device.online"]
    assert happened[1].data["reason"] == "gone"
    page = await node.fleet.trail.read(sa.true(), device_id=None, before=happened[0].id, limit=1)
    assert [one.id for one in page] == [happened[1].id]
    node.clock.now = datetime.now(NOW.tzinfo) + timedelta(days=1000)
    assert await node.fleet.trail.prune(timedelta(days=90)) == 3


async def test_health_is_thinned_for_charts_and_pruned(node: Node) -> None:
    come(node)
    for step in range(1, 40):
        node.fleet.state.heard(ROW.id, health(cpu_percent=float(step)), later(300 * step))
    await node.fleet.writer.flush()
    samples = await node.fleet.history.since(ROW.id, NOW)
    assert [sample.at for sample in samples] == [later(300 * step) for step in range(39)]
    few = await node.fleet.history.since(ROW.id, later(300), points=10)
    assert len(few) == 10
    assert few[-1].at == later(300 * 38)
    node.clock.now = later(300 * 20)
    assert await node.fleet.history.prune(timedelta(0)) == 20
    assert len(await node.fleet.history.since(ROW.id, NOW)) == 19


async def test_the_fleet_in_metrics(node: Node) -> None:
    def gauges() -> dict[str, float]:
        return {metric.name: metric.samples[0].value for metric in fleet_metrics(node.fleet)}

    come(node, **FULL)
    assert gauges() == {
        "hutch_hub_devices_here": 1,
        "hutch_hub_alerts_open": 1,
        "hutch_hub_fleet_unwritten": 1,
        "hutch_hub_events_unwritten": 1,
    }
    await node.work()
    await node.fleet.trail.flush()
    assert gauges()["hutch_hub_fleet_unwritten"] == gauges()["hutch_hub_events_unwritten"] == 0
