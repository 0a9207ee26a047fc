from __future__ import annotations

import asyncio

import pytest

from gateway.accounts.types import Identity, Person, Role
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.accounts.fixtures import HERE, PASSWORD, Device

Login = tuple[Identity, str]


@pytest.fixture
async def bob(device: Device) -> Person:
    return await device.accounts.add_person("bob", PASSWORD, Role.OPERATOR)


async def test_lists_everybody_by_name(device: Device, bob: Person) -> None:
    await device.accounts.add_person("Aaron", PASSWORD, Role.VIEWER)
    assert [(p.name, p.role) for p in await device.accounts.people()] == [
        ("aaron", Role.VIEWER),
        ("ann", Role.ADMIN),
        ("bob", Role.OPERATOR),
    ]
    assert bob.created_at == device.clocks.wall


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 32, "..", "-"])
async def test_takes_a_name(device: Device, name: str) -> None:
    assert (await device.accounts.add_person(name, PASSWORD, Role.VIEWER)).name == name.lower()


@pytest.mark.parametrize("name", ["", "x" * 33, "a b", "ä", "a/b", "a\n", "\u212a", "setup code"])
async def test_refuses_a_name(device: Device, name: str) -> None:
    with pytest.raises(Problem) as caught:
        await device.accounts.add_person(name, PASSWORD, Role.VIEWER)
    assert caught.value.code is ProblemCode.INVALID_REQUEST


@pytest.mark.parametrize("password", ["x" * 10, "x" * 1024, "ü" * 512])
async def test_takes_a_password(device: Device, password: str) -> None:
    await device.accounts.add_person("carl", password, Role.VIEWER)
    await device.accounts.log_in("carl", password, HERE)


@pytest.mark.parametrize("password", ["", "x" * 9, "x" * 1025, "ü" * 513, "\ud800" * 12])
async def test_refuses_a_password_and_does_not_repeat_it(device: Device, password: str) -> None:
    with pytest.raises(Problem) as caught:
        await device.accounts.add_person("carl", password, Role.VIEWER)
    assert caught.value.code is ProblemCode.INVALID_REQUEST
    assert not password or password not in str(caught.value)


@pytest.mark.parametrize("name", ["bob", "BOB"])
async def test_a_name_is_one_persons(device: Device, bob: Person, name: str) -> None:
    with pytest.raises(Problem) as caught:
        await device.accounts.add_person(name, PASSWORD, Role.VIEWER)
    assert caught.value.code is ProblemCode.NAME_TAKEN


async def test_another_role_holds_at_once_and_closes_sockets(device: Device, bob: Person) -> None:
    identity, secret = await device.accounts.log_in("bob", PASSWORD, HERE)
    assert await device.accounts.authenticate(secret)
    changed = await device.accounts.change_role(bob.id, Role.VIEWER)
    assert changed.role is Role.VIEWER
    found = await device.accounts.authenticate(secret)
    assert found is not None
    assert found.person.role is Role.VIEWER
    assert device.revoked == [identity.token.id]
    assert device.told()[-1] == ("bob", "changed")


async def test_the_same_role_again_changes_nothing(device: Device, bob: Person) -> None:
    await device.accounts.log_in("bob", PASSWORD, HERE)
    await device.accounts.change_role(bob.id, Role.OPERATOR)
    assert device.revoked == []


async def test_another_password_ends_every_token_but_the_one_that_asked(device: Device, bob: Person) -> None:
    mine, secret = await device.accounts.log_in("bob", PASSWORD, HERE)
    other, other_secret = await device.accounts.log_in("bob", PASSWORD, HERE)
    job, job_secret = await device.accounts.create_token(bob.id, "job", None)
    await device.accounts.change_password(bob.id, "another password", keep_token=mine.token.id)
    found = [await device.accounts.authenticate(each) is not None for each in (secret, other_secret, job_secret)]
    assert found == [True, False, False]
    assert sorted(device.revoked) == [other.token.id, job.id]
    with pytest.raises(Problem):
        await device.accounts.log_in("bob", PASSWORD, HERE)
    await device.accounts.log_in("bob", "another password", HERE)


async def test_a_removed_person_is_out_at_once(device: Device, bob: Person) -> None:
    identity, secret = await device.accounts.log_in("bob", PASSWORD, HERE)
    assert await device.accounts.authenticate(secret)
    await device.accounts.remove_person(bob.id)
    assert await device.accounts.authenticate(secret) is None
    assert device.revoked == [identity.token.id]
    assert [person.name for person in await device.accounts.people()] == ["ann"]
    assert device.told()[-1] == ("bob", "removed")


async def test_the_last_admin_stays_one(device: Device, ann: Login, bob: Person) -> None:
    me = ann[0].person
    for refused in (
        device.accounts.remove_person(me.id),
        device.accounts.change_role(me.id, Role.OPERATOR),
        device.accounts.change_role(me.id, Role.VIEWER),
    ):
        with pytest.raises(Problem) as caught:
            await refused
        assert caught.value.code is ProblemCode.CONFLICT
    await device.accounts.change_role(me.id, Role.ADMIN)
    await device.accounts.change_role(bob.id, Role.ADMIN)
    await device.accounts.change_role(me.id, Role.VIEWER)
    with pytest.raises(Problem):
        await device.accounts.remove_person(bob.id)
    assert await device.accounts.authenticate(ann[1])


async def test_two_admins_that_remove_each_other_leave_one(device: Device, ann: Login, bob: Person) -> None:
    await device.accounts.change_role(bob.id, Role.ADMIN)
    results = await asyncio.gather(
        device.accounts.remove_person(bob.id), device.accounts.remove_person(ann[0].person.id), return_exceptions=True
    )
    [problem] = [result for result in results if isinstance(result, Problem)]
    assert problem.code is ProblemCode.CONFLICT
    assert len(await device.accounts.people()) == 1


async def test_somebody_who_is_not_there_is_not_found(device: Device) -> None:
    for asked in (
        device.accounts.remove_person(99),
        device.accounts.change_role(99, Role.VIEWER),
        device.accounts.change_password(99, PASSWORD),
        device.accounts.create_token(99, "", None),
    ):
        with pytest.raises(Problem) as caught:
            await asked
        assert caught.value.code is ProblemCode.NOT_FOUND
