from __future__ import annotations

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.events import DeviceChanged
from protocol.commands import AnyCommand, KeyRotate
from protocol.events import Ack, KeyRotated
from protocol.link.actions import Answered
from protocol.notices import GatewayKeyAccepted
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.enrolment.rig import Machine, Rig, public_of


class Rotating:
    """A claimed device that rotates its key."""

    def __init__(self, hub: Rig, machine: Machine) -> None:
        self.hub = hub
        self.machine = machine
        self.sockets = hub.sockets
        self.rotation = hub.enrolment.rotation
        self.new = Ed25519PrivateKey.generate()

    async def stored(self) -> bytes | None:
        return (await self.hub.devices.need(self.machine.id)).public_key


@pytest.fixture
async def rotating(hub: Rig) -> Rotating:
    machine = Machine()
    await hub.claimed(machine)
    return Rotating(hub, machine)


async def refused(rotating: Rotating, event: KeyRotated) -> ProblemCode:
    with pytest.raises(Problem) as caught:
        await rotating.rotation.accept(rotating.machine.id, event)
    assert rotating.sockets.told == []
    return caught.value.code


async def test_the_new_key_is_the_one_that_counts_and_the_id_stays(rotating: Rotating, hub: Rig) -> None:
    machine, new = rotating.machine, rotating.new
    await rotating.rotation.accept(machine.id, machine.rotation(new))
    assert rotating.sockets.told == [(machine.id, GatewayKeyAccepted(public_key=public_of(new)))]
    assert isinstance(hub.events[-1], DeviceChanged)
    assert hub.events[-1].changed == ("key",)
    with pytest.raises(Problem):
        await hub.prove(machine)
    machine.private = new
    row = await hub.prove(machine)
    assert row == (await hub.devices.need(machine.id)).row()


async def test_both_keys_have_to_sign(rotating: Rotating) -> None:
    machine, thief = rotating.machine, Machine()
    right = machine.rotation(rotating.new)
    thief.id = machine.id
    forged = thief.rotation(rotating.new)
    for change in (
        {"signed_by_old": forged.signed_by_old},
        {"signed_by_new": forged.signed_by_old},
        {"signed_by_new": right.signed_by_old},
        {"public_key": thief.public},
    ):
        assert await refused(rotating, right.model_copy(update=change)) is ProblemCode.PROOF_WRONG
    assert await rotating.stored() == machine.public


async def test_a_rotation_of_another_device_is_worth_nothing(rotating: Rotating, hub: Rig) -> None:
    other = Machine()
    await hub.claimed(other, "barn")
    assert await refused(rotating, other.rotation(rotating.new)) is ProblemCode.PROOF_WRONG


async def test_one_said_again_is_accepted_again_and_an_old_one_is_not(rotating: Rotating) -> None:
    machine = rotating.machine
    first = machine.rotation(rotating.new)
    await rotating.rotation.accept(machine.id, first)
    await rotating.rotation.accept(machine.id, first)
    assert len(rotating.sockets.told) == 2
    rotating.sockets.told.clear()
    machine.private = rotating.new
    await rotating.rotation.accept(machine.id, machine.rotation(Ed25519PrivateKey.generate()))
    rotating.sockets.told.clear()
    assert await refused(rotating, first) is ProblemCode.PROOF_WRONG


async def test_of_two_at_once_one_counts(rotating: Rotating) -> None:
    machine = rotating.machine
    events = [machine.rotation(Ed25519PrivateKey.generate()) for _ in range(4)]
    done = await asyncio.gather(
        *(rotating.rotation.accept(machine.id, event) for event in events), return_exceptions=True
    )
    kept = [event.public_key for event, one in zip(events, done, strict=True) if not isinstance(one, Problem)]
    assert kept == [await rotating.stored()]


async def test_a_revoked_device_keeps_its_key(rotating: Rotating, hub: Rig) -> None:
    await hub.leaving.revoke(rotating.machine.id, "anna")
    event = rotating.machine.rotation(rotating.new)
    assert await refused(rotating, event) is ProblemCode.CONFLICT


async def test_somebody_asks_for_a_new_key(rotating: Rotating) -> None:
    event = rotating.machine.rotation(rotating.new)
    asked: list[AnyCommand] = []

    def rotates(command: AnyCommand) -> Answered:
        asked.append(command)
        return Answered(command, True, None, (event,))

    rotating.sockets.answer = rotates
    device = await rotating.rotation.ask(rotating.machine.id)
    assert device.public_key == public_of(rotating.new) == await rotating.stored()
    assert isinstance(asked[0], KeyRotate)


async def test_a_device_may_refuse(rotating: Rotating) -> None:
    with pytest.raises(Problem) as caught:
        await rotating.rotation.ask(rotating.machine.id)
    assert caught.value.code is ProblemCode.CONFLICT
    assert "not now" in caught.value.message
    assert await rotating.stored() == rotating.machine.public


async def test_a_gateway_with_a_token_has_no_key(rotating: Rotating, hub: Rig) -> None:
    await hub.gateways.add("vibe_1", hub.group, "Vibe", "anna")
    with pytest.raises(Problem) as caught:
        await rotating.rotation.ask("vibe_1")
    assert caught.value.code is ProblemCode.CONFLICT
    assert "token" in caught.value.message


async def test_a_device_begins_by_itself_and_it_is_recorded(rotating: Rotating, hub: Rig) -> None:
    machine = rotating.machine
    rotation = rotating.rotation
    rotation.heard(machine.id, Ack(request_id="1", ok=True))
    rotation.heard(machine.id, machine.rotation(rotating.new))
    await rotation.settled()
    assert await rotating.stored() == public_of(rotating.new)
    assert rotating.sockets.told == [(machine.id, GatewayKeyAccepted(public_key=public_of(rotating.new)))]
    [entry] = await hub.audit.entries()
    assert (entry.who, entry.source, entry.action, entry.result) == ("device", machine.id, "device.rotate-key", "ok")


async def test_a_forged_one_that_nobody_asked_for_is_recorded(rotating: Rotating, hub: Rig) -> None:
    thief = Machine()
    thief.id = rotating.machine.id
    rotating.rotation.heard(thief.id, thief.rotation(rotating.new))
    await rotating.rotation.settled()
    assert await rotating.stored() == rotating.machine.public
    [entry] = await hub.audit.entries()
    assert entry.result == "proof_wrong"


async def test_closing_leaves_nothing_under_way(rotating: Rotating) -> None:
    rotating.rotation.heard(rotating.machine.id, rotating.machine.rotation(rotating.new))
    await rotating.rotation.close()
    assert await rotating.stored() == rotating.machine.public
