"""Accounts, organisations, memberships and invitations, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from hub.people.accounts import AccountChange
from hub.people.invitations import Guest
from hub.people.roles import Role
from hub.people.types import Identity
from protocol.problems import Problem, ProblemCode
from tests.integration.hub.rig import HERE, PASSWORD, World

FORBIDDEN_NAMES = ["", "A B", "ann\n", "x" * 33, "ä"]


def only_organisation(identity: Identity) -> int:
    [number] = identity.grants.organisations
    return number


async def join(
    world: World, organisation: int, name: str, role: Role, group: int | None = None
) -> tuple[Identity, str]:
    _, secret = await world.people.invitations.create(organisation, Guest(name, role, group), "ann")
    identity, login, _ = await world.people.invitations.accept(secret, None, PASSWORD)
    return identity, login


async def refused(awaitable: object, code: ProblemCode) -> None:
    assert asyncio.iscoroutine(awaitable)
    with pytest.raises(Problem) as caught:
        await awaitable
    assert caught.value.code is code


async def test_the_first_person_runs_the_hub_and_owns_the_first_organisation(world: World) -> None:
    assert await world.people.logins.needs_setup()
    ann, secret = await world.set_up()
    assert ann.person.administrator
    assert ann.grants.administration is Role.OWNER
    [organisation] = await world.people.organisations.seen(ann.grants)
    [group] = await world.people.organisations.groups(ann.grants)
    assert (organisation.name, group.name) == ("Work", "Home")
    assert ann.grants.role_for(group.id, organisation.id) is Role.OWNER
    assert await world.people.logins.authenticate(secret) == ann
    await refused(world.set_up("bob"), ProblemCode.SETUP_DONE)


async def test_the_setup_code_is_worth_nothing_once_used(world: World) -> None:
    await world.set_up()
    assert not await asyncio.to_thread((world.folder / "setup-code").exists)


async def test_a_wrong_setup_code_makes_nobody(world: World) -> None:
    await asyncio.to_thread(world.setup_code.ensure)
    await refused(
        world.people.logins.complete_setup("0000-0000", "eve", PASSWORD, "Work", HERE), ProblemCode.SETUP_CODE_WRONG
    )
    assert await world.people.logins.needs_setup()


async def test_two_who_set_up_at_once_make_one_person(world: World) -> None:
    await asyncio.to_thread(world.setup_code.ensure)
    found = await asyncio.gather(world.set_up("ann"), world.set_up("bob", "Home"), return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["Problem", "tuple"]
    assert len(await world.people.accounts.page()) == 1


async def test_guesses_at_a_password_are_slowed_down_by_source_and_by_name(world: World) -> None:
    await world.set_up()
    for _ in range(5):
        await refused(world.people.logins.log_in("ann", "wrong password", HERE), ProblemCode.LOGIN_FAILED)
    await refused(world.people.logins.log_in("ann", PASSWORD, HERE), ProblemCode.RATE_LIMITED)
    world.clocks.turn(seconds=2)
    await world.people.logins.log_in("ann", PASSWORD, HERE)
    for number in range(11):
        with pytest.raises(Problem):
            await world.people.logins.log_in("ann", "wrong password", f"198.51.100.{number}")
    await refused(world.people.logins.log_in("ann", PASSWORD, "203.0.113.9"), ProblemCode.RATE_LIMITED)


@pytest.mark.parametrize("name", FORBIDDEN_NAMES)
async def test_names_that_are_none_are_refused(world: World, name: str) -> None:
    await refused(world.people.accounts.add(name, PASSWORD), ProblemCode.INVALID_REQUEST)


async def test_an_administrator_sees_no_organisation_by_that_alone(world: World) -> None:
    await world.set_up()
    bob, _ = await world.add("bob", administrator=True)
    assert await world.people.organisations.seen(bob.grants) == []
    assert bob.grants.administration is Role.OWNER


async def test_the_last_administrator_stays(world: World) -> None:
    ann, _ = await world.set_up()
    await refused(world.people.accounts.change(ann.person.id, AccountChange(administrator=False)), ProblemCode.CONFLICT)
    await refused(world.people.accounts.remove(ann.person.id), ProblemCode.CONFLICT)


async def test_the_last_owner_stays_however_it_is_tried(world: World) -> None:
    ann, _ = await world.set_up()
    organisation = only_organisation(ann)
    await world.add("bob", administrator=True)
    people = world.people
    for attempt in (
        people.organisations.put_member(ann.person.id, organisation, None, Role.OPERATOR),
        people.organisations.remove_member(ann.person.id, organisation, None),
        people.accounts.remove(ann.person.id),
    ):
        await refused(attempt, ProblemCode.CONFLICT)


async def test_two_owners_cannot_remove_each_other_at_once(world: World) -> None:
    ann, _ = await world.set_up()
    organisation = only_organisation(ann)
    bob, _ = await join(world, organisation, "bob", Role.OWNER)
    found = await asyncio.gather(
        world.people.organisations.remove_member(ann.person.id, organisation, None),
        world.people.organisations.remove_member(bob.person.id, organisation, None),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in found) == ["NoneType", "Problem"]
    [left] = await world.people.organisations.members(organisation)
    assert left.role is Role.OWNER


async def test_a_new_role_counts_at_once_and_closes_sockets(world: World) -> None:
    ann, _ = await world.set_up()
    organisation = only_organisation(ann)
    bob, secret = await join(world, organisation, "bob", Role.VIEWER)
    assert (await world.again(secret)).grants.role_for(None, organisation) is Role.VIEWER
    await world.people.organisations.put_member(bob.person.id, organisation, None, Role.OPERATOR)
    assert bob.token.id in world.forgotten
    assert (await world.again(secret)).grants.role_for(None, organisation) is Role.OPERATOR
    await world.people.organisations.remove_member(bob.person.id, organisation, None)
    assert (await world.again(secret)).grants.role_for(None, organisation) is None


async def test_another_node_hears_of_it_within_seconds_without_being_told(world: World) -> None:
    ann, _ = await world.set_up()
    bob, secret = await join(world, only_organisation(ann), "bob", Role.VIEWER)
    other = world.another_node()
    assert await other.logins.authenticate(secret) is not None
    await world.people.logins.log_out(bob)
    world.clocks.turn(seconds=6)
    assert await other.logins.authenticate(secret) is None
    await other.close()


async def test_an_invitation_works_once(world: World) -> None:
    ann, _ = await world.set_up()
    organisation = only_organisation(ann)
    made, secret = await world.people.invitations.create(organisation, Guest("bob", Role.OPERATOR), "ann")
    assert await world.people.invitations.open(organisation) == [made]
    found = await asyncio.gather(
        world.people.invitations.accept(secret, "bob", PASSWORD),
        world.people.invitations.accept(secret, "eve", PASSWORD),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in found) == ["Problem", "tuple"]
    assert len(await world.people.organisations.members(organisation)) == 2
    await refused(world.people.invitations.accept(secret, "mallory", PASSWORD), ProblemCode.NOT_FOUND)
    assert await world.people.invitations.open(organisation) == []


async def test_an_invitation_is_over_after_a_day_or_when_it_is_withdrawn(world: World) -> None:
    ann, _ = await world.set_up()
    organisation = only_organisation(ann)
    made, secret = await world.people.invitations.create(organisation, Guest("bob", Role.OPERATOR), "ann")
    await world.people.invitations.withdraw(organisation, made.id)
    await refused(world.people.invitations.accept(secret, None, PASSWORD), ProblemCode.NOT_FOUND)
    _, secret = await world.people.invitations.create(organisation, Guest("bob", Role.OPERATOR), "ann")
    world.clocks.turn(hours=25)
    await refused(world.people.invitations.accept(secret, None, PASSWORD), ProblemCode.NOT_FOUND)


async def test_an_invitation_that_could_not_be_accepted_still_can(world: World) -> None:
    ann, _ = await world.set_up()
    _, secret = await world.people.invitations.create(only_organisation(ann), Guest("ann", Role.VIEWER), "ann")
    await refused(world.people.invitations.accept(secret, None, PASSWORD), ProblemCode.NAME_TAKEN)
    await refused(world.people.invitations.accept(secret, "bob", "short"), ProblemCode.INVALID_REQUEST)
    bob, _, _ = await world.people.invitations.accept(secret, "bob", PASSWORD)
    assert bob.person.email is None


async def test_joining_again_with_a_smaller_role_takes_nothing_away(world: World) -> None:
    ann, _ = await world.set_up()
    organisation = only_organisation(ann)
    bob, _ = await join(world, organisation, "bob", Role.OPERATOR)
    _, secret = await world.people.invitations.create(organisation, Guest("bob", Role.VIEWER), "ann")
    assert (await world.people.invitations.join(secret, bob)).role is Role.OPERATOR


async def test_an_invitation_leads_to_groups_of_its_own_organisation_only(world: World) -> None:
    ann, _ = await world.set_up()
    other = await world.people.organisations.add("Elsewhere", ann.person.id)
    ann, _ = await world.people.logins.log_in("ann", PASSWORD, HERE)
    [group] = await world.people.organisations.groups(ann.grants, other.id)
    [home] = [number for number in ann.grants.organisations if number != other.id]
    guest = Guest("bob", Role.VIEWER, group.id)
    await refused(world.people.invitations.create(home, guest, "ann"), ProblemCode.NOT_FOUND)
    await refused(
        world.people.organisations.put_member(ann.person.id, home, group.id, Role.VIEWER), ProblemCode.NOT_FOUND
    )


async def test_who_is_no_member_has_to_be_invited(world: World) -> None:
    ann, _ = await world.set_up()
    bob, _ = await world.add("bob")
    await refused(
        world.people.organisations.put_member(bob.person.id, only_organisation(ann), None, Role.VIEWER),
        ProblemCode.NOT_FOUND,
    )


async def test_a_group_in_which_something_lies_stays(world: World) -> None:
    ann, _ = await world.set_up()
    [group] = await world.people.organisations.groups(ann.grants)
    async with world.store.begin() as connection:
        await connection.execute(sa.text("CREATE TABLE things (group_id INTEGER REFERENCES groups (id))"))
        await connection.execute(sa.text("INSERT INTO things VALUES (:group)"), {"group": group.id})
    await refused(world.people.organisations.remove_group(group), ProblemCode.CONFLICT)
    await refused(world.people.organisations.remove(group.organisation_id), ProblemCode.CONFLICT)
    async with world.store.begin() as connection:
        await connection.execute(sa.text("DELETE FROM things"))
    await world.people.organisations.remove_group(group)
    await world.people.organisations.remove(group.organisation_id)
    ann, _ = await world.people.logins.log_in("ann", PASSWORD, HERE)
    assert await world.people.organisations.seen(ann.grants) == []


async def test_a_new_password_ends_every_other_login(world: World) -> None:
    ann, first = await world.set_up()
    _, second = await world.people.logins.log_in("ann", PASSWORD, HERE)
    await refused(
        world.people.logins.change_own_password(ann, "wrong password", "another password", HERE),
        ProblemCode.LOGIN_FAILED,
    )
    await world.people.logins.change_own_password(ann, PASSWORD, "another password", HERE)
    assert await world.people.logins.authenticate(first) is not None
    assert await world.people.logins.authenticate(second) is None
    await refused(world.people.logins.log_in("ann", PASSWORD, HERE), ProblemCode.LOGIN_FAILED)


async def test_two_people_never_have_one_address(world: World) -> None:
    await world.set_up()
    await world.people.accounts.add("bob", PASSWORD, email="Bob@Example.org")
    await refused(world.people.accounts.add("eve", PASSWORD, email="bob@example.org"), ProblemCode.CONFLICT)
    eve = await world.people.accounts.add("eve", PASSWORD)
    await refused(world.people.accounts.change(eve.id, AccountChange(email="bob@example.org")), ProblemCode.CONFLICT)


async def test_nodes_tell_each_other_once(world: World) -> None:
    ann, _ = await world.set_up()
    bob, secret = await join(world, only_organisation(ann), "bob", Role.VIEWER)
    other = world.another_node()
    here, there = world.people.ground.bearers, other.ground.bearers
    told: list[tuple[int, ...]] = []

    def to_other(ids: tuple[int, ...]) -> None:
        told.append(ids)
        there.heard_elsewhere(ids)

    here.tell_others(to_other)
    there.tell_others(here.heard_elsewhere)
    assert await other.logins.authenticate(secret) is not None
    await world.people.logins.log_out(bob)
    assert await other.logins.authenticate(secret) is None
    assert told == [(bob.token.id,)]
    await other.close()
