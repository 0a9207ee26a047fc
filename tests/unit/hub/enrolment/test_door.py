"""The door: who is let in by a key, and who is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.ports import DeviceRow, Unclaimed
from hub.store.tables.devices import devices
from protocol.close_codes import CloseCode
from protocol.events import GatewayProof
from protocol.identity import proof_bytes
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.enrolment.rig import AWAY, HOME, HOST, HUB_KEY, OTHER_HOST, Machine, Rig


async def refusal(hub: Rig, machine: Machine, proof: GatewayProof | None = None, **how: str) -> Problem:
    challenge = hub.door.challenge()
    sent = proof or machine.proof(challenge, hub.clock.now(), **how)
    with pytest.raises(Problem) as caught:
        await hub.door.prove(machine.id, challenge, sent, HOME)
    return caught.value


async def test_a_key_that_nobody_knows_is_unclaimed(hub: Rig) -> None:
    machine = Machine()
    found = await hub.prove(machine)
    assert found == Unclaimed(machine.id, machine.public, HOME, "pi", "1.2.3")


async def test_a_claimed_device_comes_in_by_its_key_and_is_told_who_it_is(hub: Rig) -> None:
    machine = Machine()
    row = await hub.claimed(machine)
    assert await hub.prove(machine) == row
    assert row == DeviceRow(machine.id, row.organisation_id, hub.group, "shed")
    welcome = hub.door.welcome(row)
    assert (welcome.hub_key, welcome.name, welcome.organisation) == (HUB_KEY, "shed", "home")


@pytest.mark.parametrize("host", [HOST, f"{HOST}:443", OTHER_HOST])
async def test_every_address_of_the_hub_may_be_dialled(hub: Rig, host: str) -> None:
    machine = Machine()
    challenge = hub.door.challenge()
    proof = machine.proof(challenge, hub.clock.now(), host=host)
    assert isinstance(await hub.door.prove(machine.id, challenge, proof, HOME), Unclaimed)


async def test_a_proof_for_another_hub_is_worth_nothing_here(hub: Rig) -> None:
    problem = await refusal(hub, Machine(), host="evil.example")
    assert problem.code is ProblemCode.PROOF_WRONG
    assert problem.details["close"] == CloseCode.PROOF_WRONG
    assert HOST in problem.message


async def test_a_proof_that_was_overheard_fits_no_other_nonce(hub: Rig) -> None:
    machine = Machine()
    await hub.claimed(machine)
    overheard = machine.proof(hub.door.challenge(), hub.clock.now())
    assert (await refusal(hub, machine, overheard)).code is ProblemCode.PROOF_WRONG


async def test_challenges_differ(hub: Rig) -> None:
    assert len({hub.door.challenge().nonce for _ in range(100)}) == 100


async def test_somebody_elses_signature_is_refused(hub: Rig) -> None:
    machine, thief = Machine(), Machine()
    await hub.claimed(machine)
    challenge = hub.door.challenge()
    signed = proof_bytes(challenge.nonce, HOST, machine.id, hub.clock.now())
    for key in (machine.public, thief.public):
        proof = GatewayProof(public_key=key, time=hub.clock.now(), signature=thief.private.sign(signed))
        with pytest.raises(Problem) as caught:
            await hub.door.prove(machine.id, challenge, proof, HOME)
        assert caught.value.code is ProblemCode.PROOF_WRONG


async def test_an_id_that_is_not_made_of_the_key_is_refused(hub: Rig) -> None:
    machine = Machine()
    machine.id = Machine().id
    problem = await refusal(hub, machine)
    assert problem.code is ProblemCode.PROOF_WRONG
    assert "identity" in problem.message


@pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32, b"\x01" + bytes(31)])
async def test_a_key_that_is_none_is_refused(hub: Rig, key: bytes) -> None:
    machine = Machine()
    proof = GatewayProof(public_key=key, time=hub.clock.now(), signature=bytes(64))
    assert (await refusal(hub, machine, proof)).code is ProblemCode.PROOF_WRONG


@pytest.mark.parametrize(
    ("off", "says"),
    [
        (timedelta(hours=3), "3 hours ahead"),
        (timedelta(days=-900), "900 days behind"),
        (timedelta(seconds=301), "ahead"),
    ],
)
async def test_a_clock_that_is_off_is_named(hub: Rig, off: timedelta, says: str) -> None:
    machine = Machine()
    challenge = hub.door.challenge()
    with pytest.raises(Problem) as caught:
        await hub.door.prove(machine.id, challenge, machine.proof(challenge, hub.clock.now() + off), HOME)
    assert caught.value.code is ProblemCode.CLOCK_WRONG
    assert caught.value.details["close"] == CloseCode.CLOCK_WRONG
    assert caught.value.details["seconds"] == off.total_seconds()
    assert says in caught.value.message
    assert len(caught.value.message.encode()) <= 123, "it is the reason in the close frame"


@pytest.mark.parametrize("off", [timedelta(minutes=5), timedelta(minutes=-5)])
async def test_a_clock_may_be_off_by_five_minutes(hub: Rig, off: timedelta) -> None:
    machine = Machine()
    challenge = hub.door.challenge()
    proof = machine.proof(challenge, hub.clock.now() + off)
    assert isinstance(await hub.door.prove(machine.id, challenge, proof, HOME), Unclaimed)


async def test_a_revoked_device_is_told_so_and_only_with_its_key(hub: Rig) -> None:
    machine = Machine()
    await hub.claimed(machine)
    await hub.leaving.revoke(machine.id, "anna")
    problem = await refusal(hub, machine)
    assert problem.code is ProblemCode.DEVICE_REVOKED
    assert problem.details["close"] == CloseCode.REVOKED
    thief = Machine()
    thief.id = machine.id
    assert (await refusal(hub, thief)).code is ProblemCode.PROOF_WRONG


async def test_a_gateway_with_a_bearer_token_cannot_be_taken_over_by_a_key(hub: Rig) -> None:
    machine = Machine()
    machine.id = "vibe-1"
    await hub.gateways.add("vibe-1", hub.group, "vibe", "anna")
    assert (await refusal(hub, machine)).code is ProblemCode.PROOF_WRONG


async def test_strangers_and_devices_cost_the_same_work(hub: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look into the store, and one verification for each address of the hub when the proof is wrong."""
    from hub.enrolment import proofs

    counted: list[bytes] = []
    verifies = proofs.verifies

    def counting(key: bytes, signature: bytes, signed: bytes) -> bool:
        counted.append(key)
        return verifies(key, signature, signed)

    monkeypatch.setattr(proofs, "verifies", counting)
    known, unknown = Machine(), Machine()
    await hub.claimed(known)
    work: list[int] = []
    for machine in (known, unknown):
        counted.clear()
        await refusal(hub, machine, host="evil.example")
        work.append(len(counted))
    assert work == [3, 3]


async def test_a_machine_that_shares_a_key_is_found(hub: Rig) -> None:
    machine = Machine()
    await hub.claimed(machine)
    await hub.prove(machine, HOME)
    hub.sockets.live.add(machine.id)
    await hub.prove(machine, AWAY)
    await hub.prove(machine, HOME)
    assert hub.duplicates == [(machine.id, (AWAY, HOME))]
    with pytest.raises(Problem) as caught:
        await hub.prove(machine, AWAY)
    assert caught.value.details["close"] == CloseCode.DUPLICATE_KEY


@pytest.mark.parametrize(("leaves", "code"), [("revoke", CloseCode.REVOKED), ("remove", 1008)])
async def test_a_device_that_was_cut_while_it_came_in_is_found_out(hub: Rig, leaves: str, code: int) -> None:
    machine, other = Machine(), Machine()
    await hub.claimed(machine)
    await hub.claimed(other, "barn")
    await hub.prove(machine)
    await getattr(hub.leaving, leaves)(machine.id, "anna")
    hub.sockets.cuts.clear()
    hub.enrolment.latecomers.connected(machine.id)
    hub.enrolment.latecomers.connected(other.id)
    await hub.enrolment.latecomers.settled()
    assert [(device_id, cut) for device_id, cut, _ in hub.sockets.cuts] == [(machine.id, code)]


async def test_the_store_holds_the_key_as_it_is_and_nothing_secret(hub: Rig) -> None:
    machine = Machine()
    await hub.claimed(machine)
    async with hub.store.read() as connection:
        row = (await connection.execute(sa.select(devices))).one()
    assert row.public_key == machine.public
    assert row.bearer_digest is None
