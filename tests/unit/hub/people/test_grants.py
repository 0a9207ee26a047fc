"""Who may what where: the whole matrix."""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hub.people.grants import Grants, Place, Reach
from hub.people.roles import Role, least, most

MINE, OTHER = 1, 2
HERE, THERE, FOREIGN = Place(MINE, 10), Place(MINE, 11), Place(OTHER, 20)
ROLES = [None, *Role]


@pytest.mark.parametrize(("held", "needed"), list(itertools.product(Role, Role)))
def test_each_role_may_what_the_ones_before_may(held: Role, needed: Role) -> None:
    order = [Role.VIEWER, Role.OPERATOR, Role.OWNER]
    assert held.may(needed) == (order.index(held) >= order.index(needed))


@pytest.mark.parametrize(("whole", "single"), list(itertools.product(ROLES, ROLES)))
def test_a_role_in_the_organisation_counts_in_each_of_its_groups(whole: Role | None, single: Role | None) -> None:
    grants = Grants({} if whole is None else {MINE: whole}, {} if single is None else {HERE: single})
    assert grants.role_for(None, MINE) is whole
    assert grants.role_for(HERE.group_id, MINE) is most(whole, single)
    assert grants.role_for(THERE.group_id, MINE) is whole
    assert grants.role_for(FOREIGN.group_id, OTHER) is None
    assert grants.role_for(HERE.group_id, OTHER) is None
    assert grants.sees(MINE) == (whole is not None or single is not None)
    assert not grants.sees(OTHER)


roles = st.sampled_from(Role)
places = st.sampled_from([HERE, THERE, FOREIGN])
many = st.builds(
    Grants,
    st.dictionaries(st.sampled_from([MINE, OTHER]), roles),
    st.dictionaries(places, roles),
    st.none() | roles,
)


@given(many, st.none() | roles, st.none() | st.sets(places))
def test_a_token_never_adds_anything(grants: Grants, role: Role | None, scope: set[Place] | None) -> None:
    capped = grants.capped(role, scope)
    for place in (HERE, THERE, FOREIGN):
        mine = grants.role_for(place.group_id, place.organisation_id)
        its = capped.role_for(place.group_id, place.organisation_id)
        within = scope is None or place in scope
        assert its is (least(mine, role) if mine is not None and within else None)
    for organisation in (MINE, OTHER):
        whole = grants.role_for(None, organisation)
        expected = least(whole, role) if whole is not None and scope is None else None
        assert capped.role_for(None, organisation) is expected
    if scope is not None:
        assert capped.administration is None
    elif grants.administration is not None:
        assert capped.administration is least(grants.administration, role)


@given(many, roles)
def test_a_list_shows_exactly_what_a_route_would_open(grants: Grants, role: Role) -> None:
    reach = grants.groups(role)
    engine = sa.create_engine("sqlite://")
    table = sa.Table("things", sa.MetaData(), sa.Column("organisation", sa.Integer), sa.Column("group", sa.Integer))
    with engine.begin() as connection:
        table.create(connection)
        rows = [{"organisation": place.organisation_id, "group": place.group_id} for place in (HERE, THERE, FOREIGN)]
        connection.execute(sa.insert(table), rows)
        query = sa.select(table).where(reach.clause(table.c.organisation, table.c.group))
        listed = {Place(row.organisation, row.group) for row in connection.execute(query)}
    engine.dispose()
    for place in (HERE, THERE, FOREIGN):
        held = grants.role_for(place.group_id, place.organisation_id)
        assert (place in listed) == (held is not None and held.may(role))
        assert reach.covers(place.organisation_id, place.group_id) == (place in listed)


def test_nobody_reaches_anything() -> None:
    assert Grants().groups() == Reach(frozenset(), frozenset())
    assert not Grants().groups().covers(None, None)
