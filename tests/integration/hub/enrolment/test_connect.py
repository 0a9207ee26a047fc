"""Devices at the door of a hub: real WebSockets, real keys, the real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import WSServerHandshakeError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from foundation.store.database import Store
from hub.enrolment.batches import NewBatch
from hub.enrolment.claims import Claimant
from hub.events import DeviceDuplicated
from protocol.close_codes import CloseCode
from protocol.commands import KeyRotate
from protocol.identity import fingerprint
from protocol.notices import GatewayChallenge, GatewayKeyAccepted, GatewayUnclaimed, GatewayWelcome
from tests.integration.hub.enrolment.street import Dialled, Street, open_street
from tests.unit.hub.enrolment.rig import AWAY, HOME, HUB_KEY, Machine, public_of

ANNA = Claimant(1, "anna", "203.0.113.1")


@pytest.fixture
async def street(store: Store) -> AsyncIterator[Street]:
    async with open_street(store) as opened:
        yield opened


async def claim(street: Street, code: str, name: str = "shed") -> None:
    found = await street.enrolment.claims.enter(ANNA, code)
    await street.enrolment.claims.confirm(ANNA, found.id, found.fingerprint, street.group, name)


async def claimed(street: Street, machine: Machine) -> None:
    device = await street.dial(machine)
    await device.prove()
    await claim(street, (await device.hear(GatewayUnclaimed)).claim_code)
    await device.hear(GatewayWelcome)
    await device.socket.close()


async def connected(street: Street, machine: Machine, source: str = HOME) -> Dialled:
    device = await street.dial(machine, source)
    await device.prove()
    await device.hear(GatewayWelcome)
    await device.greet()
    assert (await street.heard.connections.get()).id == machine.id
    return device


async def test_from_the_first_socket_to_the_hello(street: Street) -> None:
    machine = Machine()
    device = await street.dial(machine)
    await device.prove()
    unclaimed = await device.hear(GatewayUnclaimed)
    assert unclaimed.fingerprint == fingerprint(machine.public)
    await claim(street, unclaimed.claim_code)
    welcome = await device.hear(GatewayWelcome)
    assert (welcome.hub_key, welcome.name, welcome.organisation) == (HUB_KEY, "shed", "home")
    await device.greet()
    row = await street.heard.connections.get()
    assert (row.id, row.name) == (machine.id, "shed")
    await device.socket.close()
    await (await connected(street, machine)).socket.close()


async def test_a_proof_that_was_overheard_opens_no_other_socket(street: Street) -> None:
    machine = Machine()
    await claimed(street, machine)
    first, second = await street.dial(machine), await street.dial(machine)
    challenge = await first.hear(GatewayChallenge)
    await second.hear(GatewayChallenge)
    overheard = machine.proof(challenge, datetime.now(UTC), host=first.host)
    await second.say(overheard)
    assert (await second.closed())[0] == CloseCode.PROOF_WRONG
    await first.say(overheard)
    await first.hear(GatewayWelcome)
    await first.socket.close()


async def test_a_hub_in_the_middle_gets_nowhere(street: Street) -> None:
    machine = Machine()
    await claimed(street, machine)
    device = await street.dial(machine)
    device.host = "evil.example"
    await device.prove()
    assert (await device.closed())[0] == CloseCode.PROOF_WRONG


async def test_a_clock_that_is_off_is_told_as_the_reason(street: Street) -> None:
    device = await street.dial(Machine())
    await device.prove(off=timedelta(hours=-7))
    code, reason = await device.closed()
    assert code == CloseCode.CLOCK_WRONG
    assert reason is not None
    assert "hours behind" in reason


async def test_revoking_cuts_the_live_socket_and_keeps_it_out(street: Street) -> None:
    machine = Machine()
    await claimed(street, machine)
    device = await connected(street, machine)
    await street.enrolment.leaving.revoke(machine.id, "anna")
    assert (await device.closed())[0] == CloseCode.REVOKED
    device = await street.dial(machine)
    await device.prove()
    assert (await device.closed())[0] == CloseCode.REVOKED


async def test_a_device_that_is_revoked_between_proof_and_hello_is_cut(street: Street) -> None:
    machine = Machine()
    await claimed(street, machine)
    device = await street.dial(machine)
    await device.prove()
    await device.hear(GatewayWelcome)
    await street.enrolment.leaving.revoke(machine.id, "anna")
    await device.greet()
    assert (await device.closed())[0] == CloseCode.REVOKED


async def test_a_removed_device_may_be_claimed_again(street: Street) -> None:
    machine = Machine()
    await claimed(street, machine)
    device = await connected(street, machine)
    await street.enrolment.leaving.remove(machine.id, "anna")
    assert (await device.closed())[0] == 1008
    await claimed(street, machine)


async def test_two_machines_with_one_key(street: Street) -> None:
    machine = Machine()
    await claimed(street, machine)
    first = await connected(street, machine, HOME)
    second = await connected(street, machine, AWAY)
    assert (await first.closed())[0] == CloseCode.REPLACED
    third = await connected(street, machine, HOME)
    assert (await second.closed())[0] == CloseCode.REPLACED
    [alarm] = [event for event in street.events if isinstance(event, DeviceDuplicated)]
    assert (alarm.device_id, alarm.source) == (machine.id, HOME)
    fourth = await street.dial(machine, AWAY)
    await fourth.prove()
    assert (await fourth.closed())[0] == CloseCode.DUPLICATE_KEY
    assert not third.socket.closed
    await third.socket.close()


async def test_a_device_is_asked_for_a_new_key_and_comes_back_with_it(street: Street) -> None:
    machine, new = Machine(), Ed25519PrivateKey.generate()
    await claimed(street, machine)
    device = await connected(street, machine)
    asked = asyncio.create_task(street.enrolment.rotation.ask(machine.id))
    command = await device.hear(KeyRotate)
    await device.say(machine.rotation(new).model_copy(update={"request_id": command.request_id}))
    assert (await device.hear(GatewayKeyAccepted)).public_key == public_of(new)
    assert (await asked).public_key == public_of(new)
    await device.socket.close()
    old = await street.dial(machine)
    await old.prove()
    assert (await old.closed())[0] == CloseCode.PROOF_WRONG
    machine.private = new
    await (await connected(street, machine)).socket.close()


async def test_a_device_changes_its_key_by_itself(street: Street) -> None:
    machine, new = Machine(), Ed25519PrivateKey.generate()
    await claimed(street, machine)
    device = await connected(street, machine)
    await device.say(machine.rotation(new))
    assert (await device.hear(GatewayKeyAccepted)).public_key == public_of(new)
    await device.socket.close()


async def test_a_batch_claims_at_once(street: Street) -> None:
    token = await batch(street)
    device = await street.dial(Machine())
    await device.prove(token=token)
    assert (await device.hear(GatewayWelcome)).name == "pi"
    await device.socket.close()


async def test_a_gateway_of_another_make_brings_a_bootstrap_token(street: Street) -> None:
    token, machine = await batch(street), Machine()
    machine.id, own = "vibe_1", "Bearer a-token-of-their-own-that-is-long-enough"
    device = await street.dial(machine, scheme=own)
    await device.greet(token)
    assert (await street.heard.connections.get()).name == "pi"
    await device.socket.close()
    again = await street.dial(machine, scheme=own)
    await again.greet()
    assert (await street.heard.connections.get()).id == "vibe_1"
    await again.socket.close()


async def test_a_gateway_with_a_wrong_token_is_refused(street: Street) -> None:
    machine = Machine()
    machine.id = "vibe_1"
    device = await street.dial(machine, scheme="Bearer wrong-and-long-enough-to-be-a-token")
    await device.greet("hutch_batch_" + "a" * 43)
    assert (await device.closed())[0] == CloseCode.PROOF_WRONG


async def test_somebody_who_only_tries_tokens_is_told_to_wait(street: Street) -> None:
    machine = Machine()
    machine.id = "vibe_1"
    statuses = []
    for number in range(7):
        try:
            device = await street.dial(machine, scheme=f"Bearer {'x' * 40}{number}")
            await device.socket.close()
        except WSServerHandshakeError as refusal:
            statuses.append(refusal.status)
    assert statuses == [429, 429]


async def batch(street: Street) -> str:
    expires_at = datetime.now(UTC) + timedelta(days=1)
    _, token = await street.enrolment.batches.add(NewBatch(street.group, "school", 2, expires_at, "anna"))
    return token
