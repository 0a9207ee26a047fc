from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from foundation.accounts.holders import MAX_REMEMBERED
from gateway.accounts.bearers import MAX_OF_A_KIND
from gateway.accounts.types import Identity, Role
from gateway.store.tables import tokens
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.accounts.fixtures import HERE, PASSWORD, Device

Login = tuple[Identity, str]


async def drop_tokens(device: Device) -> None:
    """Remove every token behind the back of the accounts, as another process would."""
    async with device.store.begin() as connection:
        await connection.execute(sa.delete(tokens))


@pytest.mark.parametrize("secret", ["", "hutch_", "hutch_" + "A" * 43, "hutch_" + "A" * 100_000, "\ud800", "ann", "é"])
async def test_other_texts_let_nobody_in(device: Device, secret: str) -> None:
    assert await device.accounts.authenticate(secret) is None


async def test_a_program_is_let_in_by_its_token(device: Device, ann: Login) -> None:
    me = ann[0].person
    token, secret = await device.accounts.create_token(me.id, " back\nup  job\x07 ", None)
    assert (token.kind, token.label, token.expires_at, token.last_used_at) == ("api", "back up job", None, None)
    identity = await device.accounts.authenticate(secret)
    assert identity is not None
    assert (identity.person, identity.token) == (me, token)
    assert device.told()[-1] == ("ann", "token_created")


async def test_logging_out_ends_a_login_at_once(device: Device, ann: Login) -> None:
    identity, secret = ann
    _, other = await device.accounts.log_in("ann", PASSWORD, HERE)
    assert await device.accounts.authenticate(secret)
    await device.accounts.log_out(identity)
    assert await device.accounts.authenticate(secret) is None
    assert await device.accounts.authenticate(other) is not None
    assert device.revoked == [identity.token.id]


async def test_revoking_ends_a_token_at_once(device: Device, ann: Login) -> None:
    token, secret = await device.accounts.create_token(ann[0].person.id, "", None)
    assert await device.accounts.authenticate(secret)
    await device.accounts.revoke_token(token.id)
    assert await device.accounts.authenticate(secret) is None
    assert device.revoked == [token.id]
    assert device.told()[-1] == ("ann", "token_revoked")
    with pytest.raises(Problem) as caught:
        await device.accounts.revoke_token(token.id)
    assert caught.value.code is ProblemCode.NOT_FOUND


async def test_what_another_process_revokes_ends_within_seconds(device: Device, ann: Login) -> None:
    assert await device.accounts.authenticate(ann[1])
    await drop_tokens(device)
    assert await device.accounts.authenticate(ann[1])
    device.clocks.turn(seconds=5.1)
    assert await device.accounts.authenticate(ann[1]) is None


async def test_a_read_that_a_revocation_overtakes_lets_nobody_in(
    device: Device, ann: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.accounts import directory

    identity, secret = ann
    holder = directory.holder
    reads = 0

    async def overtaken(connection: object, known_as: str) -> object:
        nonlocal reads
        reads += 1
        found = await holder(connection, known_as)  # type: ignore[arg-type]
        if reads == 1:
            await device.accounts.log_out(identity)
        return found

    monkeypatch.setattr(directory, "holder", overtaken)
    assert await device.accounts.authenticate(secret) is None
    assert reads == 2


async def test_a_request_costs_no_query_for_some_seconds(
    device: Device, ann: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await device.accounts.authenticate(ann[1])
    monkeypatch.setattr(device.store, "read", None)
    assert await device.accounts.authenticate(ann[1]) == ann[0]


async def test_memory_is_bounded(device: Device, ann: Login) -> None:
    bearers = device.accounts._bearers
    await device.accounts.authenticate(ann[1])
    [kept] = bearers._holders._remembered.values()
    bearers._holders._remembered.update({str(n): kept for n in range(MAX_REMEMBERED)})
    _, other = await device.accounts.log_in("ann", PASSWORD, HERE)
    await device.accounts.authenticate(other)
    assert len(bearers._holders._remembered) == MAX_REMEMBERED


async def test_a_login_ends_after_thirty_days_without_use(device: Device, ann: Login) -> None:
    for _ in range(2):
        device.clocks.turn(days=29)
        assert await device.accounts.authenticate(ann[1])
    device.clocks.turn(days=30)
    assert await device.accounts.authenticate(ann[1]) is None


async def test_a_login_ends_after_ninety_days_of_use(device: Device, ann: Login) -> None:
    for _ in range(8):
        device.clocks.turn(days=11)
        assert await device.accounts.authenticate(ann[1])
    device.clocks.turn(days=2)
    assert await device.accounts.authenticate(ann[1]) is None
    assert device.revoked == [ann[0].token.id]


async def test_a_token_ends_when_it_was_to_end_also_while_remembered(device: Device, ann: Login) -> None:
    end = device.clocks.wall + timedelta(seconds=3)
    token, secret = await device.accounts.create_token(ann[0].person.id, "", end)
    assert token.expires_at == end
    device.clocks.turn(seconds=2.9)
    assert await device.accounts.authenticate(secret)
    device.clocks.turn(seconds=0.1)
    assert await device.accounts.authenticate(secret) is None
    assert [listed.id for listed in await device.accounts.tokens(None)] == [ann[0].token.id]


async def test_a_token_without_an_end_stays(device: Device, ann: Login) -> None:
    _, secret = await device.accounts.create_token(ann[0].person.id, "", None)
    device.clocks.turn(days=4000)
    assert await device.accounts.authenticate(secret)


async def test_what_is_over_is_swept_away_and_told(device: Device, ann: Login) -> None:
    token, _ = await device.accounts.create_token(ann[0].person.id, "", device.clocks.wall + timedelta(hours=1))
    await device.accounts.sweep()
    assert device.revoked == []
    device.clocks.turn(hours=1)
    await device.accounts.sweep()
    assert device.revoked == [token.id]
    async with device.store.read() as connection:
        assert (await connection.scalars(sa.select(tokens.c.id))).all() == [ann[0].token.id]


@pytest.mark.parametrize("seconds", [0, -1])
async def test_a_token_does_not_end_in_the_past(device: Device, ann: Login, seconds: int) -> None:
    with pytest.raises(Problem) as caught:
        await device.accounts.create_token(ann[0].person.id, "", device.clocks.wall + timedelta(seconds=seconds))
    assert caught.value.code is ProblemCode.INVALID_REQUEST


async def test_tokens_of_one_person_are_so_many(device: Device, ann: Login) -> None:
    for _ in range(MAX_OF_A_KIND["api"]):
        await device.accounts.create_token(ann[0].person.id, "", None)
    with pytest.raises(Problem) as caught:
        await device.accounts.create_token(ann[0].person.id, "", None)
    assert caught.value.code is ProblemCode.TOO_MANY


async def test_lists_newest_first_with_the_last_use(device: Device, ann: Login) -> None:
    bob = await device.accounts.add_person("bob", PASSWORD, Role.VIEWER)
    token, secret = await device.accounts.create_token(bob.id, "job", None)
    assert [found.id for found in await device.accounts.tokens(None)] == [token.id, ann[0].token.id]
    device.clocks.turn(seconds=10)
    await device.accounts.authenticate(secret)
    [mine] = await device.accounts.tokens(bob.id)
    assert mine.last_used_at == device.clocks.wall


async def test_uses_are_written_together_and_survive_a_restart(device: Device, ann: Login) -> None:
    async def written() -> object:
        async with device.store.read() as connection:
            return await connection.scalar(sa.select(tokens.c.last_used_at))

    at_login = device.clocks.wall
    device.clocks.turn(seconds=50)
    await device.accounts.authenticate(ann[1])
    assert await written() == at_login
    used = device.clocks.wall
    device.clocks.turn(seconds=11)
    await device.accounts.authenticate(ann[1])
    assert await written() == used
    device.clocks.turn(seconds=1)
    await device.accounts.authenticate(ann[1])
    await device.accounts.close()
    assert await written() == device.clocks.wall


async def test_a_store_that_cannot_be_written_keeps_nobody_out(
    device: Device, ann: Login, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full() -> None:
        raise Problem(ProblemCode.DISK_FULL, "The disk is full.")

    assert await device.accounts.authenticate(ann[1])
    device.clocks.turn(seconds=61)
    with monkeypatch.context() as patched:
        patched.setattr(device.store, "begin", full)
        assert await device.accounts.authenticate(ann[1])
    assert "disk is full" in caplog.text
    [token] = await device.accounts.tokens(None)
    assert token.last_used_at == device.clocks.wall


async def test_a_listener_that_fails_does_not_keep_the_others_from_hearing(device: Device, ann: Login) -> None:
    def broken(_token: int) -> None:
        raise ZeroDivisionError

    heard: list[int] = []
    stop = [device.accounts.on_revoked(broken), device.accounts.on_revoked(heard.append)]
    await device.accounts.log_out(ann[0])
    assert heard == device.revoked == [ann[0].token.id]
    for unsubscribe in (*stop, *stop):
        unsubscribe()
    identity, _ = await device.accounts.log_in("ann", PASSWORD, HERE)
    await device.accounts.log_out(identity)
    assert heard == [ann[0].token.id]


async def test_many_requests_at_once_agree(device: Device, ann: Login) -> None:
    found = await asyncio.gather(*[device.accounts.authenticate(ann[1]) for _ in range(50)])
    assert found == [ann[0]] * 50
