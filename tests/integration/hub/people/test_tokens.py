"""Tokens of programs: never more than their person may, at the time of use."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.people.roles import Role
from hub.people.tokens import TokenWish
from protocol.problems import Problem, ProblemCode
from tests.integration.hub.people.test_people import join, only_organisation, refused
from tests.integration.hub.rig import World


async def test_a_token_is_capped_by_its_role_and_its_groups(world: World) -> None:
    ann, _ = await world.set_up()
    organisation = only_organisation(ann)
    [home] = await world.people.organisations.groups(ann.grants)
    shop = await world.people.organisations.add_group(organisation, "Shop")
    wish = TokenWish("backup", role=Role.OPERATOR, group_ids=frozenset({shop.id}))
    token, secret = await world.people.tokens.create(ann, wish)
    held = await world.again(secret)
    assert held.token.group_ids == frozenset({shop.id})
    assert held.grants.role_for(shop.id, organisation) is Role.OPERATOR
    assert held.grants.role_for(home.id, organisation) is None
    assert held.grants.role_for(None, organisation) is None
    assert held.grants.administration is None
    assert [one.id for one in await world.people.organisations.groups(held.grants)] == [shop.id]
    assert token.id in [one.id for one in await world.people.tokens.listed(ann.person.id)]


async def test_a_token_shrinks_with_its_person(world: World) -> None:
    ann, _ = await world.set_up()
    organisation = only_organisation(ann)
    bob, _ = await join(world, organisation, "bob", Role.OPERATOR)
    _, secret = await world.people.tokens.create(bob, TokenWish("ci"))
    assert (await world.again(secret)).grants.role_for(None, organisation) is Role.OPERATOR
    await world.people.organisations.put_member(bob.person.id, organisation, None, Role.VIEWER)
    assert (await world.again(secret)).grants.role_for(None, organisation) is Role.VIEWER
    await world.people.organisations.remove_member(bob.person.id, organisation, None)
    assert (await world.again(secret)).grants.role_for(None, organisation) is None


async def test_a_token_whose_groups_are_gone_may_nothing(world: World) -> None:
    ann, _ = await world.set_up()
    organisation = only_organisation(ann)
    shop = await world.people.organisations.add_group(organisation, "Shop")
    _, secret = await world.people.tokens.create(ann, TokenWish("ci", group_ids=frozenset({shop.id})))
    await world.people.organisations.remove_group(shop)
    held = await world.again(secret)
    assert held.token.group_ids == frozenset()
    assert (held.grants.organisations, held.grants.places, held.grants.administration) == ({}, {}, None)


async def test_a_token_makes_no_token_and_is_for_groups_of_ones_own(world: World) -> None:
    ann, _ = await world.set_up()
    [home] = await world.people.organisations.groups(ann.grants)
    _, secret = await world.people.tokens.create(ann, TokenWish("ci", role=Role.VIEWER))
    await refused(world.people.tokens.create(await world.again(secret), TokenWish("more")), ProblemCode.FORBIDDEN)
    bob, _ = await world.add("bob")
    for groups in ({home.id}, {home.id + 99}):
        wish = TokenWish("ci", group_ids=frozenset(groups))
        await refused(world.people.tokens.create(bob, wish), ProblemCode.NOT_FOUND)
    await refused(world.people.tokens.create(bob, TokenWish("ci", group_ids=frozenset())), ProblemCode.INVALID_REQUEST)


async def test_a_token_ends_when_it_says_and_when_it_is_revoked(world: World) -> None:
    ann, _ = await world.set_up()
    bob, _ = await world.add("bob")
    wish = TokenWish("ci", expires_at=world.clocks.wall + timedelta(minutes=1))
    _, short = await world.people.tokens.create(ann, wish)
    token, long = await world.people.tokens.create(ann, TokenWish("ci"))
    world.clocks.turn(minutes=2)
    assert await world.people.logins.authenticate(short) is None
    await refused(world.people.tokens.revoke(token.id, bob.person.id), ProblemCode.NOT_FOUND)
    await world.people.tokens.revoke(token.id, ann.person.id)
    assert await world.people.logins.authenticate(long) is None
    assert token.id in world.forgotten
    with pytest.raises(Problem):
        await world.people.tokens.create(ann, TokenWish("ci", expires_at=world.clocks.wall))


async def test_when_a_token_was_used_is_written_now_and_then(world: World) -> None:
    ann, _ = await world.set_up()
    token, secret = await world.people.tokens.create(ann, TokenWish("ci"))
    await world.again(secret)
    used = world.clocks.wall
    [seen] = [one for one in await world.people.tokens.listed(ann.person.id) if one.id == token.id]
    assert seen.last_used_at == used
    [other] = [one for one in await world.another_node().tokens.listed(ann.person.id) if one.id == token.id]
    assert other.last_used_at is None
    await world.people.ground.bearers.sweep()
    [other] = [one for one in await world.another_node().tokens.listed(ann.person.id) if one.id == token.id]
    assert other.last_used_at == used


async def test_a_login_that_nobody_uses_ends(world: World) -> None:
    ann, secret = await world.set_up()
    world.clocks.turn(days=29)
    await world.again(secret)
    world.clocks.turn(days=29)
    await world.again(secret)
    world.clocks.turn(days=31)
    assert await world.people.logins.authenticate(secret) is None
    await world.people.ground.bearers.sweep()
    assert await world.people.tokens.listed(ann.person.id) == []
