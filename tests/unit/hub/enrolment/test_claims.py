from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
import sqlalchemy as sa

from hub.enrolment.claims import IssuedCode
from hub.enrolment.codes import new_code
from hub.enrolment.types import Device
from hub.store.tables.devices import claims
from protocol.close_codes import CloseCode
from protocol.identity import fingerprint
from protocol.notices import GatewayUnclaimed
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.enrolment.rig import ANNA, BERT, HOME, Machine, Rig, shown

MINUTE = 60

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


async def test_from_the_code_to_the_device(hub: Rig) -> None:
    machine = Machine()
    stranger = await hub.stranger(machine)
    async with aclosing(hub.door.wait_claimed(stranger)) as waiting:
        notice = await anext(waiting)
        assert isinstance(notice, GatewayUnclaimed)
        assert notice.fingerprint == fingerprint(machine.public)
        assert (notice.expires_at - hub.clock.now()).total_seconds() == 10 * MINUTE
        told = asyncio.ensure_future(anext(waiting))
        claim = await hub.claims.enter(ANNA, notice.claim_code.lower())
        assert (claim.fingerprint, claim.hostname, claim.version) == (notice.fingerprint, "pi", "1.2.3")
        assert claim.source == HOME
        device = await hub.claims.confirm(ANNA, claim.id, notice.fingerprint, hub.group, "shed")
        assert await told == device.row()
    assert device.claimed_by == "anna"
    assert await hub.prove(machine) == device.row()


async def test_a_wrong_fingerprint_claims_nothing_and_may_be_corrected(hub: Rig) -> None:
    machine = Machine()
    issued = await hub.claims.issue(await hub.stranger(machine))
    claim = await hub.claims.enter(ANNA, issued.code)
    with pytest.raises(Problem) as caught:
        await hub.claims.confirm(ANNA, claim.id, fingerprint(Machine().public), hub.group, "shed")
    assert caught.value.code is ProblemCode.CLAIM_WRONG
    assert await hub.devices.get(machine.id) is None
    device = await hub.claims.confirm(ANNA, claim.id, claim.fingerprint, hub.group, "shed")
    assert await hub.devices.get(machine.id) == device


async def test_a_code_works_for_ten_minutes(hub: Rig) -> None:
    issued = await hub.claims.issue(await hub.stranger(Machine()))
    hub.clock.seconds += 10 * MINUTE
    assert (await wrong(hub, issued.code)).code is ProblemCode.CLAIM_WRONG


async def test_who_entered_it_in_time_has_time_to_compare(hub: Rig) -> None:
    machine = Machine()
    stranger = await hub.stranger(machine)
    issued = await hub.claims.issue(stranger)
    hub.clock.seconds += 10 * MINUTE - 1
    claim = await hub.claims.enter(ANNA, issued.code)
    hub.clock.seconds += 5 * MINUTE
    await hub.claims.issue(stranger)
    assert await hub.claims.get(ANNA, claim.id) == claim
    hub.clock.seconds += 5 * MINUTE
    with pytest.raises(Problem) as caught:
        await hub.claims.confirm(ANNA, claim.id, claim.fingerprint, hub.group, "shed")
    assert caught.value.code is ProblemCode.NOT_FOUND


async def test_a_code_works_once(hub: Rig) -> None:
    machine = Machine()
    issued = await hub.claims.issue(await hub.stranger(machine))
    claim = await hub.claims.enter(ANNA, issued.code)
    await hub.claims.confirm(ANNA, claim.id, claim.fingerprint, hub.group, "shed")
    assert (await wrong(hub, issued.code)).code is ProblemCode.CLAIM_WRONG
    with pytest.raises(Problem) as caught:
        await hub.claims.confirm(ANNA, claim.id, claim.fingerprint, hub.group, "shed again")
    assert caught.value.code is ProblemCode.NOT_FOUND


async def test_the_code_of_another_person_is_as_wrong_as_any(hub: Rig) -> None:
    issued = await hub.claims.issue(await hub.stranger(Machine()))
    claim = await hub.claims.enter(ANNA, issued.code)
    assert await hub.claims.enter(ANNA, issued.code) == claim
    with pytest.raises(Problem) as caught:
        await hub.claims.enter(BERT, issued.code)
    assert caught.value.code is ProblemCode.CLAIM_WRONG
    for attempt in (
        hub.claims.get(BERT, claim.id),
        hub.claims.confirm(BERT, claim.id, claim.fingerprint, hub.group, "mine"),
    ):
        with pytest.raises(Problem) as caught:
            await attempt
        assert caught.value.code is ProblemCode.NOT_FOUND
    await hub.claims.cancel(BERT, claim.id)
    assert await hub.claims.get(ANNA, claim.id) == claim


async def test_two_people_who_race_get_one_device(hub: Rig) -> None:
    issued = await hub.claims.issue(await hub.stranger(Machine()))
    entered = await asyncio.gather(
        *(hub.claims.enter(who, issued.code) for who in (ANNA, BERT)), return_exceptions=True
    )
    assert [isinstance(one, Problem) for one in entered].count(True) == 1


async def test_confirming_twice_at_once_makes_one_device(hub: Rig) -> None:
    issued = await hub.claims.issue(await hub.stranger(Machine()))
    claim = await hub.claims.enter(ANNA, issued.code)
    confirmed = await asyncio.gather(
        *(hub.claims.confirm(ANNA, claim.id, claim.fingerprint, hub.group, f"shed {number}") for number in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Device) for one in confirmed) == 1
    assert len(await hub.devices.of_group(hub.group)) == 1


async def test_a_taken_name_leaves_the_claim_open(hub: Rig) -> None:
    await hub.claimed(Machine(), "shed")
    issued = await hub.claims.issue(await hub.stranger(Machine()))
    claim = await hub.claims.enter(ANNA, issued.code)
    with pytest.raises(Problem) as caught:
        await hub.claims.confirm(ANNA, claim.id, claim.fingerprint, hub.group, "shed")
    assert caught.value.code is ProblemCode.NAME_TAKEN
    await hub.claims.confirm(ANNA, claim.id, claim.fingerprint, hub.other_group, "shed")


async def test_a_group_that_is_none_leaves_the_claim_open(hub: Rig) -> None:
    issued = await hub.claims.issue(await hub.stranger(Machine()))
    claim = await hub.claims.enter(ANNA, issued.code)
    with pytest.raises(Problem) as caught:
        await hub.claims.confirm(ANNA, claim.id, claim.fingerprint, 999, "shed")
    assert caught.value.code is ProblemCode.NOT_FOUND
    assert await hub.claims.get(ANNA, claim.id) == claim


async def test_guesses_are_slowed_down_by_address_and_by_account(hub: Rig) -> None:
    codes = [(await wrong(hub, new_code())).code for _ in range(6)]
    assert codes == [ProblemCode.CLAIM_WRONG] * 5 + [ProblemCode.RATE_LIMITED]
    issued = await hub.claims.issue(await hub.stranger(Machine()))
    with pytest.raises(Problem) as caught:
        await hub.claims.enter(ANNA, issued.code)
    assert caught.value.code is ProblemCode.RATE_LIMITED
    assert isinstance(caught.value.details["retry_after"], int)
    await hub.claims.enter(BERT, issued.code)


async def test_a_mistyped_code_costs_no_attempt(hub: Rig) -> None:
    issued = await hub.claims.issue(await hub.stranger(Machine()))
    for _ in range(20):
        assert (await wrong(hub, "0000-0000-1")).code is ProblemCode.INVALID_REQUEST
    await hub.claims.enter(ANNA, issued.code)


async def test_the_store_does_not_tell_a_code(hub: Rig) -> None:
    issued = await hub.claims.issue(await hub.stranger(Machine()))
    async with hub.store.read() as connection:
        row = (await connection.execute(sa.select(claims))).one()
    assert issued.code not in repr(row._mapping)
    assert issued.code.replace("-", "") not in repr(row._mapping)
    assert issued.code not in repr(issued)


async def test_a_waiting_device_gets_a_fresh_code_when_one_is_over(hub: Rig) -> None:
    async with aclosing(hub.door.wait_claimed(await hub.stranger(Machine()))) as waiting:
        first = shown(await anext(waiting))
        hub.clock.seconds += 10 * MINUTE
        second = shown(await anext(waiting))
        assert first != second
        assert (await wrong(hub, first)).code is ProblemCode.CLAIM_WRONG
        await hub.claims.enter(ANNA, second)


async def test_a_claim_that_is_let_go_gives_the_device_another_code(hub: Rig) -> None:
    async with aclosing(hub.door.wait_claimed(await hub.stranger(Machine()))) as waiting:
        first = shown(await anext(waiting))
        claim = await hub.claims.enter(ANNA, first)
        told = asyncio.ensure_future(anext(waiting))
        await hub.claims.cancel(ANNA, claim.id)
        second = shown(await told)
        assert (await wrong(hub, first)).code is ProblemCode.CLAIM_WRONG
        await hub.claims.enter(BERT, second)


async def test_a_ring_for_nothing_leaves_the_code_as_it_is(hub: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = asyncio.Event()
    stands = hub.claims.stands

    async def told(issued: IssuedCode) -> bool:
        answer = await stands(issued)
        looked.set()
        return answer

    monkeypatch.setattr(hub.claims, "stands", told)
    stranger = await hub.stranger(Machine())
    async with aclosing(hub.door.wait_claimed(stranger)) as waiting:
        code = shown(await anext(waiting))
        following = asyncio.ensure_future(anext(waiting))
        await hub.signals.ring(stranger.gateway_id)
        await looked.wait()
        claim = await hub.claims.enter(ANNA, code)
        device = await hub.claims.confirm(ANNA, claim.id, claim.fingerprint, hub.group, "shed")
        assert await following == device.row()


async def test_a_device_that_comes_back_has_one_code(hub: Rig) -> None:
    stranger = await hub.stranger(Machine())
    first = await hub.claims.issue(stranger)
    second = await hub.claims.issue(stranger)
    assert (await wrong(hub, first.code)).code is ProblemCode.CLAIM_WRONG
    await hub.claims.enter(ANNA, second.code)


async def test_codes_that_are_over_do_not_pile_up(hub: Rig) -> None:
    for _ in range(3):
        await hub.claims.issue(await hub.stranger(Machine()))
        hub.clock.seconds += 11 * MINUTE
    async with hub.store.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(claims)) == 1


async def test_too_many_who_wait_are_sent_away_and_a_place_comes_back(hub: Rig) -> None:
    stranger = await hub.stranger(Machine())
    waiting = [hub.door.wait_claimed(stranger) for _ in range(10)]
    for one in waiting:
        assert isinstance(await anext(one), GatewayUnclaimed)
    with pytest.raises(Problem) as caught:
        await anext(hub.door.wait_claimed(stranger))
    assert caught.value.details["close"] == CloseCode.TOO_MANY
    for one in waiting:
        await one.aclose()
    async with aclosing(hub.door.wait_claimed(stranger)) as again:
        assert isinstance(await anext(again), GatewayUnclaimed)


async def test_one_who_waits_for_a_claimed_device_is_let_in_at_once(hub: Rig) -> None:
    machine = Machine()
    stranger = await hub.stranger(machine)
    row = await hub.claimed(machine)
    async with aclosing(hub.door.wait_claimed(stranger)) as waiting:
        assert await anext(waiting) == row


async def test_a_waiting_device_that_is_revoked_is_told(hub: Rig) -> None:
    machine = Machine()
    stranger = await hub.stranger(machine)
    await hub.claimed(machine)
    await hub.leaving.revoke(machine.id, "anna")
    with pytest.raises(Problem) as caught:
        await anext(hub.door.wait_claimed(stranger))
    assert caught.value.code is ProblemCode.DEVICE_REVOKED


async def wrong(hub: Rig, code: str) -> Problem:
    with pytest.raises(Problem) as caught:
        await hub.claims.enter(ANNA, code)
    return caught.value
