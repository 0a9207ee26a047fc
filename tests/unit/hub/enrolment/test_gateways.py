"""Gateways of another make, with bearer tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.enrolment.batches import NewBatch
from hub.ports import DeviceRow
from hub.store.tables.devices import devices
from protocol.close_codes import CloseCode
from protocol.events import GatewayHello, SystemInfo
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.enrolment.rig import AWAY, HOME, Machine, Rig

OWN_TOKEN = "a-token-of-their-own-that-is-long-enough"


def hello(gateway_id: str, bootstrap_token: str | None) -> GatewayHello:
    machine = SystemInfo(os="linux", arch="x86_64", cpus=4, ram_total_bytes=1, disk_total_bytes=1)
    return GatewayHello(
        gateway_id=gateway_id, version="0.9", hostname="vibe", bootstrap_token=bootstrap_token, system_info=machine
    )


async def token_of_batch(hub: Rig, uses: int = 3) -> str:
    expires_at = hub.clock.now() + timedelta(days=1)
    _, token = await hub.batches.add(NewBatch(hub.group, "lab", uses, expires_at, "anna"))
    return token


async def test_a_registered_gateway_comes_in_by_its_token(hub: Rig) -> None:
    device, token = await hub.gateways.add("vibe_1", hub.group, "Vibe", "anna")
    assert await hub.door.bearer("vibe_1", token, HOME) == device.row()
    assert device.fingerprint is None


@pytest.mark.parametrize("gateway_id", ["vibe_1", "vibe_2"])
async def test_another_token_or_id_fits_nothing(hub: Rig, gateway_id: str) -> None:
    await hub.gateways.add("vibe_1", hub.group, "Vibe", "anna")
    _, token = await hub.gateways.add("vibe_3", hub.group, "Vibe 3", "anna")
    assert await hub.door.bearer(gateway_id, token, HOME) is None


async def test_a_device_with_a_key_has_no_token(hub: Rig) -> None:
    machine = Machine()
    await hub.claimed(machine)
    for token in ("", "x" * 40):
        assert await hub.door.bearer(machine.id, token, HOME) is None


async def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(hub: Rig) -> None:
    device, token = await hub.gateways.add("vibe_1", hub.group, "Vibe", "anna")
    for _ in range(5):
        assert await hub.door.bearer("vibe_1", "x" * 40, HOME) is None
    with pytest.raises(Problem) as caught:
        await hub.door.bearer("vibe_1", "x" * 40, HOME)
    assert caught.value.code is ProblemCode.RATE_LIMITED
    assert await hub.door.bearer("vibe_1", token, HOME) == device.row()


async def test_a_revoked_gateway_is_told_so(hub: Rig) -> None:
    _, token = await hub.gateways.add("vibe_1", hub.group, "Vibe", "anna")
    await hub.leaving.revoke("vibe_1", "anna")
    with pytest.raises(Problem) as caught:
        await hub.door.bearer("vibe_1", token, HOME)
    assert caught.value.details["close"] == CloseCode.REVOKED
    assert await hub.door.bearer("vibe_1", "x" * 40, HOME) is None


async def test_a_batch_token_as_bearer_registers_the_gateway_and_stays_its_token(hub: Rig) -> None:
    token = await token_of_batch(hub, uses=1)
    row = await hub.door.bearer("vibe_1", token, HOME)
    assert row is not None
    assert row.name == "vibe_1"
    assert await hub.door.bearer("vibe_1", token, HOME) == row
    assert await hub.door.bearer("vibe_2", token, HOME) is None, "the batch is used up"
    [entry] = await hub.audit.entries()
    assert (entry.who, entry.action) == ("batch lab", "device.enrol")


async def test_a_batch_token_in_the_hello_registers_the_gateway_with_its_own_token(hub: Rig) -> None:
    token = await token_of_batch(hub)
    assert await hub.door.bearer("vibe_1", OWN_TOKEN, HOME) is None
    assert hub.door.bootstraps("vibe_1", HOME)
    row = await hub.door.greeted("vibe_1", OWN_TOKEN, hello("vibe_1", token), HOME)
    assert isinstance(row, DeviceRow)
    assert row.name == "vibe"
    assert await hub.door.bearer("vibe_1", OWN_TOKEN, AWAY) == row
    assert await hub.door.bearer("vibe_1", token, AWAY) is None


@pytest.mark.parametrize("bootstrap", [None, "", "hutch_batch_" + "a" * 43])
async def test_a_hello_without_a_valid_token_registers_nothing(hub: Rig, bootstrap: str | None) -> None:
    assert await hub.door.greeted("vibe_1", OWN_TOKEN, hello("vibe_1", bootstrap), HOME) is None
    assert await hub.devices.get("vibe_1") is None


@pytest.mark.parametrize("own", ["", "short", "x" * 31, "with spaces in it, which no header has"])
async def test_a_token_that_can_be_guessed_is_not_taken(hub: Rig, own: str) -> None:
    token = await token_of_batch(hub)
    assert await hub.door.greeted("vibe_1", own, hello("vibe_1", token), HOME) is None


async def test_a_batch_token_takes_no_gateway_over(hub: Rig) -> None:
    device, token = await hub.gateways.add("vibe_1", hub.group, "Vibe", "anna")
    batch = await token_of_batch(hub)
    assert await hub.door.bearer("vibe_1", batch, HOME) is None
    assert await hub.door.greeted("vibe_1", OWN_TOKEN, hello("vibe_1", batch), HOME) is None
    assert await hub.door.bearer("vibe_1", token, HOME) == device.row()


async def test_the_id_of_a_key_is_nobody_elses(hub: Rig) -> None:
    machine = Machine()
    batch = await token_of_batch(hub)
    assert await hub.door.bearer(machine.id, batch, HOME) is None
    assert await hub.door.greeted(machine.id, OWN_TOKEN, hello(machine.id, batch), HOME) is None
    with pytest.raises(Problem) as caught:
        await hub.gateways.add(machine.id, hub.group, "mine", "bert")
    assert caught.value.code is ProblemCode.INVALID_REQUEST
    assert (await hub.claimed(machine)).id == machine.id


async def test_an_id_is_given_once(hub: Rig) -> None:
    await hub.gateways.add("vibe_1", hub.group, "Vibe", "anna")
    with pytest.raises(Problem) as caught:
        await hub.gateways.add("vibe_1", hub.other_group, "Vibe", "bert")
    assert caught.value.code is ProblemCode.CONFLICT


async def test_those_that_only_knock_are_limited(hub: Rig) -> None:
    assert [hub.door.bootstraps(f"vibe_{number}", HOME) for number in range(31)] == [True] * 30 + [False]


async def test_the_store_does_not_hold_the_token(hub: Rig) -> None:
    device, token = await hub.gateways.add("vibe_1", hub.group, "Vibe", "anna")
    async with hub.store.read() as connection:
        row = (await connection.execute(sa.select(devices))).one()
    assert token not in repr(row._mapping)
    assert str(row.bearer_digest) not in repr(device)
