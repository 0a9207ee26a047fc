"""The lists of devices and sessions, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from hub.fleet.alerts.store import AlertStore
from hub.fleet.alerts.types import Place, Raise
from hub.fleet.cursors import write_cursor
from hub.fleet.devices import SORTS, DeviceFilter, DeviceList, DeviceQuery
from hub.fleet.sessions import SessionList, SessionQuery
from hub.fleet.tags import Tags
from hub.people.grants import Reach
from hub.ports import DeviceRow
from hub.store.tables.devices import devices
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.fleet.examples import NOW, ROW, active, health, hello, later
from tests.unit.hub.fleet.stores import add_devices
from tests.unit.hub.fleet.test_state import Fleet

ALL = sa.true()


@pytest.fixture
async def fleet_store(either: Store) -> Store:
    """A store with five devices, four of which connected and one of which went."""
    await add_devices(either, ["d1", "d2", "d3"], names=["Barn", "cellar", "Dock"])
    await add_devices(either, ["d4"], group_id=2, names=["elsewhere"])
    fleet = Fleet(either)
    for number, (device_id, name) in enumerate(
        [(ROW.id, "attic"), ("d1", "Barn"), ("d2", "cellar"), ("d4", "elsewhere")]
    ):
        row = DeviceRow(device_id, 1, 2 if device_id == "d4" else 1, name)
        at = later(number)
        fleet.state.connected(row, hello(device_id, hostname=f"host-{name.lower()}", version=f"0.{9 - number}"), at)
        status = "waiting" if device_id == "d1" else "working"
        sessions = [
            active(f"s{number}-{n}", name=f"job {n}", status=status, last_activity_at=later(n)) for n in range(2)
        ]
        fleet.state.heard(device_id, health(*sessions, device_id=device_id, cpu_percent=10.0 * number), at)
    await fleet.writer.flush()
    fleet.state.disconnected("d2", "gone", later(60))
    await fleet.writer.flush()
    await Tags(either).set("d1", ["Field", "solar "])
    return either


async def names(store: Store, where: sa.ColumnElement[bool] = ALL, **more: object) -> list[str]:
    """All names of a query, read in pages of two."""
    found: list[str] = []
    query = DeviceQuery(where, **more, limit=2)  # type: ignore[arg-type]  # what the test names
    while True:
        page = await DeviceList(store).page(query)
        found += [device.name for device in page.devices]
        if page.after is None:
            return found
        assert len(page.devices) == 2
        query = DeviceQuery(where, **more, limit=2, after=page.after)  # type: ignore[arg-type]  # as above


async def test_every_sort_shows_every_device_once_in_both_directions(fleet_store: Store) -> None:
    assert await names(fleet_store) == ["attic", "Barn", "cellar", "Dock", "elsewhere"]
    assert await names(fleet_store, sort="last_seen") == ["Dock", "attic", "Barn", "cellar", "elsewhere"]
    assert await names(fleet_store, sort="-cpu") == ["elsewhere", "cellar", "Barn", "attic", "Dock"]
    assert (await names(fleet_store, sort="-waiting"))[0] == "Barn"
    for sort in SORTS:
        rising, falling = await names(fleet_store, sort=sort), await names(fleet_store, sort=f"-{sort}")
        assert rising == falling[::-1]
        assert len(set(rising)) == 5


STATES: dict[DeviceFilter, list[str]] = {
    "online": ["attic", "Barn", "elsewhere"],
    "offline": ["cellar"],
    "new": ["Dock"],
    "waiting": ["Barn"],
    "alert": ["cellar"],
    "revoked": [],
}


async def test_states(fleet_store: Store) -> None:
    place = Place("d2", "cellar", 1, 1, "d2")
    assert await AlertStore(fleet_store).raise_(place, Raise("offline", "", "critical", "away")) is not None
    for state, expected in STATES.items():
        assert await names(fleet_store, state=state) == expected, state
    async with fleet_store.begin() as connection:
        await connection.execute(sa.update(devices).where(devices.c.id == "d2").values(state="revoked"))
    assert await names(fleet_store, state="revoked") == ["cellar"]
    assert await names(fleet_store, state="offline") == []
    summary = await DeviceList(fleet_store).summary(ALL)
    assert (summary.devices, summary.online, summary.waiting, summary.working, summary.alerts) == (5, 3, 2, 4, 1)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("BAR", ["Barn"]),
        ("host-c", ["cellar"]),
        ("sol", ["Barn"]),
        ("d4", ["elsewhere"]),
        ("ar host", ["Barn", "cellar"]),
        ("%", []),
        ("_", []),
        ("'; DROP TABLE devices; --", []),
    ],
)
async def test_search(store: Store, words: str, expected: list[str]) -> None:
    await add_devices(store, ["d1", "d2", "d4"], names=["Barn", "cellar", "elsewhere"])
    fleet = Fleet(store)
    for device_id in ("d1", "d2"):
        fleet.state.connected(
            DeviceRow(device_id, 1, 1, device_id), hello(device_id, hostname=f"host-{device_id}"), NOW
        )
    fleet.state.connected(DeviceRow("d2", 1, 1, "cellar"), hello("d2", hostname="host-cellar"), NOW)
    await fleet.writer.flush()
    await Tags(store).set("d1", ["field", "solar"])
    assert await names(store, q=words) == expected


async def test_nobody_sees_what_their_grants_do_not_cover(fleet_store: Store) -> None:
    reach = Reach(frozenset(), frozenset({2}))
    mine = reach.clause(devices.c.organisation_id, devices.c.group_id)
    assert await names(fleet_store, mine) == ["elsewhere"]
    assert await names(fleet_store, mine, q="barn") == []
    assert await names(fleet_store, mine, group_id=1) == []
    assert await names(fleet_store, Reach(frozenset(), frozenset()).clause(devices.c.organisation_id)) == []
    page = await SessionList(fleet_store).page(SessionQuery(mine))
    assert {session.device_name for session in page.sessions} == {"elsewhere"}
    assert (await DeviceList(fleet_store).summary(mine)).devices == 1
    assert await Tags(fleet_store).used(mine) == {}
    assert await Tags(fleet_store).used(ALL) == {"field": 1, "solar": 1}


async def test_a_device_in_full(fleet_store: Store) -> None:
    view = await DeviceList(fleet_store).get("d1")
    assert (view.tags, view.hostname, view.version, view.sessions, view.waiting) == (
        ("field", "solar"),
        "host-barn",
        "0.8",
        2,
        2,
    )
    assert view.health is not None
    assert view.health.cpu_percent == 10.0
    new = await DeviceList(fleet_store).get("d3")
    assert (new.online, new.health, new.version, new.last_seen_at) == (False, None, None, None)
    with pytest.raises(Problem) as missing:
        await DeviceList(fleet_store).get("nobody")
    assert missing.value.code is ProblemCode.NOT_FOUND


async def test_sessions_over_all_devices(fleet_store: Store) -> None:
    sessions = SessionList(fleet_store)
    found, query = [], SessionQuery(ALL, limit=4)
    while True:
        page = await sessions.page(query)
        found += page.sessions
        if page.after is None:
            break
        query = SessionQuery(ALL, limit=4, after=page.after)
    assert [one.last_activity_at - NOW for one in found] == [timedelta(seconds=1)] * 3 + [timedelta(0)] * 3
    assert len({(one.device_id, one.session_id) for one in found}) == 6
    assert {one.device_name for one in found} == {"attic", "Barn", "elsewhere"}
    waiting = await sessions.page(SessionQuery(ALL, status=("waiting",), q="barn job"))
    assert [one.device_name for one in waiting.sessions] == ["Barn", "Barn"]
    assert len((await sessions.page(SessionQuery(ALL, with_offline=True))).sessions) == 8
    assert (await sessions.page(SessionQuery(ALL, device_id="d2"))).sessions == []


@pytest.mark.parametrize(
    "after", ["", "x", "🦆", "bnVsbA", "a" * 2000, write_cursor("cpu", 1.0, "d"), write_cursor("name", 3, "d")]
)
async def test_a_cursor_of_another_list_is_refused(store: Store, after: str) -> None:
    with pytest.raises(Problem) as refused:
        await DeviceList(store).page(DeviceQuery(ALL, after=after))
    assert refused.value.code is ProblemCode.INVALID_REQUEST
    with pytest.raises(Problem):
        await DeviceList(store).page(DeviceQuery(ALL, sort="password"))


async def test_tags_are_bounded_and_clean(store: Store) -> None:
    tags = Tags(store)
    assert await tags.set(ROW.id, ["b", "A", " a", "b"]) == ("a", "b")
    assert (await DeviceList(store).get(ROW.id)).tags == ("a", "b")
    assert await tags.set(ROW.id, []) == ()
    for wrong in ([""], ["two words"], ["<b>"], ["x" * 33], [f"t{n}" for n in range(33)]):
        with pytest.raises(Problem):
            await tags.set(ROW.id, wrong)
