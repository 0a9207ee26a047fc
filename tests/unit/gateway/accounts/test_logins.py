from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from foundation.accounts.passwords import HashCost, Passwords
from gateway.accounts.bearers import MAX_OF_A_KIND
from gateway.accounts.types import Identity, Role
from gateway.store.tables import people, tokens
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.accounts.fixtures import CHEAP, HERE, PASSWORD, Device

Login = tuple[Identity, str]
WRONG = "the wrong horse"


async def fail(device: Device, name: str = "ann", password: str = WRONG, source: str = HERE) -> Problem:
    with pytest.raises(Problem) as caught:
        await device.accounts.log_in(name, password, source)
    return caught.value


async def test_a_login_is_recognised_by_its_secret(device: Device, ann: Login) -> None:
    identity, secret = ann
    assert identity.person.last_login_at == device.clocks.wall
    assert (identity.token.kind, identity.token.label, identity.token.person_name) == ("login", "laptop", "ann")
    assert await device.accounts.authenticate(secret) == identity


async def test_names_are_the_same_in_any_case(device: Device) -> None:
    identity, _ = await device.accounts.log_in("ANN", PASSWORD, HERE)
    assert identity.person.name == "ann"


@pytest.mark.parametrize("name", ["ann", "nobody", "", "ann ", "änn", "x" * 10_000, "\ud800", "ann\x00"])
async def test_wrong_names_and_wrong_passwords_get_the_same_answer(device: Device, name: str) -> None:
    problem = await fail(device, name)
    assert problem.code is ProblemCode.LOGIN_FAILED
    assert problem.message == (await fail(device)).message
    assert not problem.details


@pytest.mark.parametrize("password", ["", PASSWORD + " ", "\ud800", "x" * 1_000_000, PASSWORD.upper()])
async def test_only_the_password_lets_in(device: Device, password: str) -> None:
    assert (await fail(device, password=password)).code is ProblemCode.LOGIN_FAILED


async def test_an_unknown_name_costs_a_hash_too(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import PasswordHasher

    await fail(device)
    verified: list[str] = []
    verify = PasswordHasher.verify

    def noting(self: PasswordHasher, stored: str, password: bytes) -> bool:
        verified.append(stored)
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", noting)
    await fail(device)
    await fail(device, "nobody")
    await fail(device, "", "x" * 5000)
    assert [stored.split("$")[1:4] for stored in verified] == [verified[0].split("$")[1:4]] * 3
    assert verified[0] != verified[1] == verified[2]


async def test_the_same_letters_are_the_same_password(device: Device) -> None:
    await device.accounts.add_person("zoe", "Zo\u00eb's passw\u00f6rd", Role.VIEWER)
    identity, _ = await device.accounts.log_in("zoe", "Zoe\u0308's passwo\u0308rd", HERE)
    assert identity.person.name == "zoe"


async def test_guessing_is_slowed_down_and_a_wait_helps(device: Device) -> None:
    for _ in range(5):
        assert (await fail(device)).code is ProblemCode.LOGIN_FAILED
    problem = await fail(device, password=PASSWORD)
    assert (problem.code, problem.details) == (ProblemCode.RATE_LIMITED, {"retry_after": 1})
    device.clocks.turn(seconds=1)
    await device.accounts.log_in("ann", PASSWORD, HERE)


async def test_guesses_at_once_do_not_slip_through(device: Device) -> None:
    problems = await asyncio.gather(*[fail(device) for _ in range(30)])
    assert [problem.code for problem in problems].count(ProblemCode.LOGIN_FAILED) == 5


async def test_a_hash_of_another_cost_is_renewed(device: Device) -> None:
    async def stored() -> str:
        async with device.store.read() as connection:
            return str(await connection.scalar(sa.select(people.c.password_hash)))

    before = await stored()
    assert "m=8,t=1,p=1" in before
    costlier = Passwords(HashCost(memory_kib=16, passes=1, lanes=1))
    accounts = device.accounts
    accounts._passwords = costlier
    await accounts.log_in("ann", PASSWORD, HERE)
    renewed = await stored()
    assert "m=16,t=1,p=1" in renewed
    await accounts.log_in("ann", PASSWORD, HERE)
    assert await stored() == renewed


async def test_a_password_that_changes_meanwhile_lets_nobody_in(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    [ann] = await device.accounts.people()
    passwords = device.accounts._passwords
    verify = passwords.verify

    async def change_while_verifying(stored: str | None, password: bytes) -> str | None:
        kept = await verify(stored, password)
        await device.again().change_password(ann.id, "another password")
        return kept

    monkeypatch.setattr(passwords, "verify", change_while_verifying)
    assert (await fail(device, password=PASSWORD)).code is ProblemCode.LOGIN_FAILED
    assert await device.accounts.tokens(None) == []


async def test_neither_password_nor_secret_is_in_the_store(device: Device, ann: Login) -> None:
    async with device.store.read() as connection:
        rows = [*(await connection.execute(sa.select(people))), *(await connection.execute(sa.select(tokens)))]
    assert len(rows) == 2
    assert PASSWORD not in repr(rows)
    assert ann[1] not in repr(rows)
    assert ann[1].removeprefix("hutch_") not in repr(rows)


async def test_secrets_and_csrf_tokens_are_all_different(device: Device) -> None:
    logins = [await device.accounts.log_in("ann", PASSWORD, HERE) for _ in range(5)]
    assert len({secret for _, secret in logins}) == len({identity.csrf for identity, _ in logins}) == 5


async def test_the_oldest_login_makes_room(device: Device) -> None:
    logins = [await device.accounts.log_in("ann", PASSWORD, HERE) for _ in range(MAX_OF_A_KIND["login"] + 2)]
    assert len(await device.accounts.tokens(None)) == MAX_OF_A_KIND["login"]
    assert device.revoked == [identity.token.id for identity, _ in logins[:2]]
    found = [await device.accounts.authenticate(secret) is not None for _, secret in logins]
    assert found == [False, False] + [True] * MAX_OF_A_KIND["login"]


async def test_more_than_wait_in_line_are_turned_away() -> None:
    passwords = Passwords(CHEAP, threads=1, queue=2)
    results = await asyncio.gather(*[passwords.hash(b"x") for _ in range(8)], return_exceptions=True)
    refused = [result for result in results if isinstance(result, Problem)]
    assert len(refused) == 5
    assert {(problem.code, problem.details["retry_after"]) for problem in refused} == {(ProblemCode.RATE_LIMITED, 5)}
    assert (await passwords.hash(b"x")).startswith("$argon2id$")
    passwords.close()


async def test_the_real_cost_is_owasps(device: Device) -> None:
    passwords = Passwords()
    stored = await passwords.hash(b"a password")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(stored, b"a password") == stored
    assert await passwords.verify(stored, b"another password") is None
    assert await passwords.verify(None, b"nobody's password") is None
    assert await passwords.verify("damaged", b"a password") is None
    passwords.close()
