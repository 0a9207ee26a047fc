"""The table of devices, and how they leave."""

from __future__ import annotations

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.events import DeviceRevoked
from hub.ports import Unclaimed
from protocol.close_codes import CloseCode
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.enrolment.rig import Machine, Rig

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


async def test_a_device_is_renamed_and_moved(hub: Rig) -> None:
    machine = Machine()
    await hub.claimed(machine, "shed")
    device = await hub.devices.change(machine.id, name="barn")
    assert (device.name, device.group_id) == ("barn", hub.group)
    device = await hub.devices.change(machine.id, group_id=hub.other_group)
    assert (device.name, device.group_id, device.organisation) == ("barn", hub.other_group, "work")
    device = await hub.devices.change(machine.id, group_id=hub.group, name="shed")
    assert (device.name, device.group_id, device.organisation) == ("shed", hub.group, "home")
    assert await hub.devices.change(machine.id) == device


async def test_a_name_is_one_devices_in_its_organisation(hub: Rig) -> None:
    one, two = Machine(), Machine()
    await hub.claimed(one, "shed")
    await hub.claimed(two, "barn")
    with pytest.raises(Problem) as caught:
        await hub.devices.change(two.id, name="shed")
    assert caught.value.code is ProblemCode.NAME_TAKEN
    await hub.devices.change(two.id, name="shed", group_id=hub.other_group)
    with pytest.raises(Problem) as caught:
        await hub.devices.change(two.id, group_id=hub.group)
    assert caught.value.code is ProblemCode.NAME_TAKEN
    assert (await hub.devices.need(two.id)).group_id == hub.other_group


async def test_of_those_that_want_a_name_at_once_one_gets_it(hub: Rig) -> None:
    machines = [Machine() for _ in range(6)]
    for number, machine in enumerate(machines):
        await hub.claimed(machine, f"pi {number}")
    done = await asyncio.gather(
        *(hub.devices.change(machine.id, name="the one") for machine in machines), return_exceptions=True
    )
    assert [isinstance(one, Problem) for one in done].count(False) == 1


@pytest.mark.parametrize("what", ["change", "need", "revoke", "remove"])
async def test_no_such_device(hub: Rig, what: str) -> None:
    with pytest.raises(Problem) as caught:
        await getattr(hub.devices, what)("hutch-nobody")
    assert caught.value.code is ProblemCode.NOT_FOUND


async def test_no_such_group(hub: Rig) -> None:
    machine = Machine()
    await hub.claimed(machine)
    with pytest.raises(Problem) as caught:
        await hub.devices.change(machine.id, group_id=999)
    assert caught.value.code is ProblemCode.NOT_FOUND


async def test_revoking_cuts_the_live_socket_after_the_row_says_so(hub: Rig) -> None:
    machine = Machine()
    await hub.claimed(machine)
    hub.sockets.live.add(machine.id)
    await hub.leaving.revoke(machine.id, "anna")
    [(device_id, code, reason)] = hub.sockets.cuts
    assert (device_id, code) == (machine.id, CloseCode.REVOKED)
    assert len(reason.encode()) <= 123
    assert isinstance(hub.events[-1], DeviceRevoked)
    assert hub.events[-1].by == "anna"


async def test_a_revoked_device_comes_back_by_removal_and_a_new_claim(hub: Rig) -> None:
    machine = Machine()
    await hub.claimed(machine, "shed")
    await hub.leaving.revoke(machine.id, "anna")
    with pytest.raises(Problem):
        await hub.prove(machine)
    await hub.leaving.remove(machine.id, "anna")
    assert isinstance(await hub.prove(machine), Unclaimed)
    assert (await hub.claimed(machine, "barn")).name == "barn"


async def test_a_removed_device_that_had_rotated_its_key_can_be_claimed_again(hub: Rig) -> None:
    machine, first = Machine(), Machine()
    await hub.claimed(machine)
    first.private, machine.private = machine.private, Ed25519PrivateKey.generate()
    assert await hub.devices.swap_key(machine.id, first.public, machine.public)
    await hub.leaving.remove(machine.id, "anna")
    assert isinstance(await hub.prove(machine), Unclaimed)
    assert await hub.claimed(machine) == await hub.prove(machine)
    await hub.leaving.remove(machine.id, "anna")
    assert isinstance(await hub.prove(machine), Unclaimed), "removed a second time"


async def test_a_storm_of_devices_costs_few_queries(hub: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    from hub.enrolment import statements

    asked: list[int] = []
    find = statements.find_devices

    async def counting(*arguments: object) -> object:
        asked.append(1)
        return await find(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(statements, "find_devices", counting)
    machine = Machine()
    row = await hub.claimed(machine)
    asked.clear()
    ids = [machine.id, *(f"hutch-{number}" for number in range(1_999))]
    found = await asyncio.gather(*(hub.devices.get(device_id) for device_id in ids))
    assert found[0] is not None
    assert found[0].row() == row
    assert found[1:] == [None] * 1_999
    assert len(asked) <= 5
