from __future__ import annotations

import asyncio

import pytest

from gateway.accounts.types import Role
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.accounts.fixtures import HERE, PASSWORD, Device


async def code_of(device: Device) -> str:
    return await asyncio.to_thread(device.code.ensure)


async def refused(device: Device, code: str, name: str = "ann", password: str = PASSWORD) -> Problem:
    with pytest.raises(Problem) as caught:
        await device.accounts.complete_setup(code, name, password, HERE)
    return caught.value


async def test_the_code_makes_the_first_admin_and_logs_them_in(fresh: Device) -> None:
    assert await fresh.accounts.needs_setup()
    identity, secret = await fresh.accounts.complete_setup((await code_of(fresh)).lower(), "Ann", PASSWORD, HERE)
    assert (identity.person.name, identity.person.role) == ("ann", Role.ADMIN)
    assert not await fresh.accounts.needs_setup()
    assert await asyncio.to_thread(fresh.code.current) is None
    found = await fresh.accounts.authenticate(secret)
    assert found is not None
    assert (found.person, found.csrf) == (identity.person, identity.csrf)
    assert fresh.told() == [("ann", "added")]


async def test_another_code_is_refused(fresh: Device) -> None:
    await code_of(fresh)
    assert (await refused(fresh, "0000-0000")).code is ProblemCode.SETUP_CODE_WRONG
    assert await fresh.accounts.needs_setup()


@pytest.mark.parametrize(("name", "password"), [("", PASSWORD), ("ann", "short"), ("an n", PASSWORD)])
async def test_a_bad_name_or_password_leaves_the_code_good(fresh: Device, name: str, password: str) -> None:
    code = await code_of(fresh)
    assert (await refused(fresh, code, name, password)).code is ProblemCode.INVALID_REQUEST
    await fresh.accounts.complete_setup(code, "ann", PASSWORD, HERE)


async def test_is_done_once(fresh: Device) -> None:
    code = await code_of(fresh)
    await fresh.accounts.complete_setup(code, "ann", PASSWORD, HERE)
    assert (await refused(fresh, code, "eve")).code is ProblemCode.SETUP_DONE
    assert (await refused(fresh, await code_of(fresh), "eve")).code is ProblemCode.SETUP_DONE


async def test_two_at_once_make_one_admin(fresh: Device) -> None:
    code = await code_of(fresh)
    results = await asyncio.gather(
        *[fresh.accounts.complete_setup(code, name, PASSWORD, HERE) for name in ("ann", "eve")], return_exceptions=True
    )
    [problem] = [result for result in results if isinstance(result, Problem)]
    assert problem.code is ProblemCode.SETUP_DONE
    assert len(await fresh.accounts.people()) == 1


async def test_guesses_are_limited_from_everywhere(fresh: Device) -> None:
    await code_of(fresh)
    sources = [f"192.0.2.{n}" for n in range(11)]
    for source in sources[:10]:
        with pytest.raises(Problem) as caught:
            await fresh.accounts.complete_setup("0000-0000", "ann", PASSWORD, source)
        assert caught.value.code is ProblemCode.SETUP_CODE_WRONG
    with pytest.raises(Problem) as caught:
        await fresh.accounts.complete_setup("0000-0000", "ann", PASSWORD, sources[10])
    assert caught.value.code is ProblemCode.RATE_LIMITED


async def test_a_person_added_on_the_console_ends_the_setup(fresh: Device) -> None:
    code = await code_of(fresh)
    assert await fresh.accounts.needs_setup()
    await fresh.again().add_person("ann", PASSWORD, Role.ADMIN)
    assert not await fresh.accounts.needs_setup()
    assert await asyncio.to_thread(fresh.code.current) is None
    assert (await refused(fresh, code)).code is ProblemCode.SETUP_DONE


async def test_nobody_logs_in_before(fresh: Device) -> None:
    with pytest.raises(Problem) as caught:
        await fresh.accounts.log_in("ann", PASSWORD, HERE)
    assert caught.value.code is ProblemCode.SETUP_NEEDED
