from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.enrolment.batches import Candidate, NewBatch
from hub.enrolment.types import Batch, Device
from hub.events import DeviceClaimed
from hub.ports import DeviceRow, Unclaimed
from hub.store.tables.devices import batches
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.enrolment.rig import HOME, MAX_DEVICES, Machine, Rig

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


async def batch(hub: Rig, uses: int = 3) -> tuple[Batch, str]:
    expires_at = hub.clock.now() + timedelta(days=7)
    return await hub.batches.add(NewBatch(hub.group, "school", uses, expires_at, "anna"))


async def stored(hub: Rig, made: Batch) -> Batch:
    found = await hub.batches.find(made.id)
    assert found is not None
    return found


def candidate(name: str = "pi") -> Candidate:
    machine = Machine()
    return Candidate(machine.id, name, public_key=machine.public)


async def test_a_device_with_the_token_is_claimed_at_once(hub: Rig) -> None:
    made, token = await batch(hub)
    machine = Machine()
    row = await hub.prove(machine, token=token)
    assert row == DeviceRow(machine.id, made.group_id, hub.group, "pi")
    assert (await hub.devices.need(machine.id)).claimed_by == "batch school"
    assert [type(event) for event in hub.events] == [DeviceClaimed]
    [entry] = await hub.audit.entries()
    assert (entry.who, entry.source, entry.action, entry.target) == ("batch school", HOME, "device.enrol", "pi")
    assert entry.columns["device_id"] == machine.id
    assert await hub.prove(machine, token=token) == row
    assert (await stored(hub, made)).uses == 1


async def test_names_are_made_unique_in_the_organisation(hub: Rig) -> None:
    _, token = await batch(hub, uses=4)
    rows = [await hub.prove(Machine(), token=token) for _ in range(3)]
    assert [row.name for row in rows if isinstance(row, DeviceRow)] == ["pi", "pi-2", "pi-3"]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("", "device"), ("  \x00\n ", "device"), ("x" * 500, "x" * 56), ("a_b%", "a_b%"), ("Küche", "Küche")],
)
async def test_any_host_name_becomes_a_name(hub: Rig, wanted: str, name: str) -> None:
    _, token = await batch(hub)
    device = await hub.batches.admit(token, candidate(wanted))
    assert device is not None
    assert device.name == name
    again = await hub.batches.admit(token, candidate(wanted))
    assert again is not None
    assert again.name == f"{name}-2"


async def test_a_batch_lets_no_more_in_than_it_may_even_at_once(hub: Rig) -> None:
    made, token = await batch(hub, uses=5)
    found = await asyncio.gather(*(hub.prove(Machine(), token=token) for _ in range(12)))
    assert [type(one) for one in found].count(DeviceRow) == 5
    assert [type(one) for one in found].count(Unclaimed) == 7
    assert (await stored(hub, made)).uses == 5
    assert len(await hub.devices.of_group(hub.group)) == 5


async def test_one_device_on_two_sockets_uses_it_once(hub: Rig) -> None:
    made, token = await batch(hub)
    same = candidate()
    found = await asyncio.gather(*(hub.batches.admit(token, same) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(one, Device) for one in found) == 1
    refusals = [one.code for one in found if isinstance(one, Problem)]
    assert refusals == [ProblemCode.CONFLICT] * 3
    assert (await stored(hub, made)).uses == 1


async def test_a_batch_ends(hub: Rig) -> None:
    _, token = await batch(hub)
    hub.clock.seconds += timedelta(days=7).total_seconds()
    assert isinstance(await hub.prove(Machine(), token=token), Unclaimed)


async def test_a_revoked_batch_lets_nobody_in_and_those_it_let_in_stay(hub: Rig) -> None:
    made, token = await batch(hub)
    machine = Machine()
    row = await hub.prove(machine, token=token)
    await hub.batches.revoke(made.id)
    assert isinstance(await hub.prove(Machine(), token=token), Unclaimed)
    assert await hub.prove(machine, token=token) == row
    revoked_at = (await stored(hub, made)).revoked_at
    hub.clock.seconds += 60
    await hub.batches.revoke(made.id)
    assert (await stored(hub, made)).revoked_at == revoked_at == hub.clock.now() - timedelta(seconds=60)


@pytest.mark.parametrize("token", ["", "hutch_batch_", "hutch_batch_" + "a" * 43, "hutch_" + "a" * 43, "x" * 4096])
async def test_a_token_that_is_none_leaves_the_device_to_a_person(hub: Rig, token: str) -> None:
    assert isinstance(await hub.prove(Machine(), token=token), Unclaimed)


async def test_a_batch_that_would_be_over_is_refused(hub: Rig) -> None:
    with pytest.raises(Problem) as caught:
        await hub.batches.add(NewBatch(hub.group, "school", 1, hub.clock.now(), "anna"))
    assert caught.value.code is ProblemCode.INVALID_REQUEST


class Only:
    def __init__(self, *group_ids: int) -> None:
        self._group_ids = group_ids

    def clause(self, organisation_id: sa.ColumnElement[int], group_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        return group_id.in_(self._group_ids)


async def test_lists_hold_what_the_groups_have(hub: Rig) -> None:
    one, _ = await batch(hub)
    two, _ = await batch(hub)
    assert await hub.batches.page(Only(hub.group)) == [two, one]
    assert await hub.batches.page(Only(hub.group), limit=1) == [two]
    assert await hub.batches.page(Only(hub.group), after=two.id) == [one]
    assert await hub.batches.page(Only(hub.other_group)) == []


async def test_the_store_does_not_hold_the_token(hub: Rig) -> None:
    _, token = await batch(hub)
    async with hub.store.read() as connection:
        row = (await connection.execute(sa.select(batches))).one()
    assert token not in repr(row._mapping)
    assert token.removeprefix("hutch_batch_") not in repr(row._mapping)


async def test_a_full_hub_takes_nobody_in_and_counts_no_use(hub: Rig) -> None:
    made, token = await batch(hub, uses=MAX_DEVICES + 1)
    found = [await hub.prove(Machine(), token=token) for _ in range(MAX_DEVICES + 1)]
    assert [type(one) for one in found] == [DeviceRow] * MAX_DEVICES + [Unclaimed]
    assert (await stored(hub, made)).uses == MAX_DEVICES
    with pytest.raises(Problem) as caught:
        await hub.claimed(Machine(), "one more")
    assert caught.value.code is ProblemCode.TOO_MANY
