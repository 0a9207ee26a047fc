"""Where alerts are told."""

from __future__ import annotations

import sqlalchemy as sa
from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from hub.fleet.notify.targets import Whose
from hub.people.roles import Role
from hub.store.tables.fleet import notification_targets as targets
from hub.web.api.models import alerts as models
from hub.web.context import audit_place, hub_of, identity_of
from hub.web.security.alert_scopes import TARGET
from hub.web.security.scopes import Found, may_know, role_at
from protocol.problems import Problem, ProblemCode


async def list_targets(request: web.Request) -> web.Response:
    """One's own targets, and those of the groups one owns."""
    query = parse_query(request, models.TargetsQuery)
    identity = identity_of(request)
    owned = identity.grants.groups(Role.OWNER).clause(targets.c.organisation_id, targets.c.group_id)
    mine = sa.or_(targets.c.person_id == identity.person.id, sa.and_(targets.c.person_id.is_(None), owned))
    found = await hub_of(request).fleet.targets.list(sa.and_(targets.c.organisation_id == query.organisation_id, mine))
    return answer(models.TargetsAnswer(targets=[models.TargetAnswer.of(one) for one in found]))


async def add_target(request: web.Request) -> web.Response:
    """Have alerts told somewhere: to oneself, or to a group or an organisation that one owns."""
    body = await parse_body(request, models.NewTarget)
    identity = identity_of(request)
    note(request).target = body.name
    await check_place(request, body.organisation_id, body.group_id, personal=body.personal)
    whose = Whose(body.organisation_id, body.group_id, identity.person.id if body.personal else None)
    target = await hub_of(request).fleet.targets.add(whose, body.wishes(), body.address.get_secret_value())
    note(request).details["kind"] = target.kind
    return answer(models.TargetAnswer.of(target), 201)


async def change_target(request: web.Request) -> web.Response:
    """Other wishes for a target; its address stays."""
    body = await parse_body(request, models.WishesBody)
    target = owned(request)
    changed = await hub_of(request).fleet.targets.change(target, body.wishes())
    return answer(models.TargetAnswer.of(changed))


async def remove_target(request: web.Request) -> web.Response:
    """Tell it nothing more."""
    await hub_of(request).fleet.targets.remove(owned(request))
    return nothing()


async def test_target(request: web.Request) -> web.Response:
    """Send a message now."""
    await hub_of(request).fleet.targets.test(owned(request))
    return nothing()


def owned(request: web.Request) -> int:
    """The target that may be changed. Raises FORBIDDEN."""
    target = request[TARGET]
    note(request).target = target.wishes.name
    if target.whose.person_id is None:
        held = role_at(identity_of(request).grants, Found(target.whose.organisation_id, target.whose.group_id))
        _check_owner(held)
    return target.id


async def check_place(request: web.Request, organisation_id: int, group_id: int | None, *, personal: bool) -> None:
    """Whether somebody may have alerts told there. Raises NOT_FOUND for what one must not know of, FORBIDDEN."""
    people, grants = hub_of(request).people, identity_of(request).grants
    found = Found(organisation_id, group_id)
    if group_id is not None:
        group = await people.organisations.find_group(group_id)
        if group is None or group.organisation_id != organisation_id:
            raise _no_place()
    if not may_know(grants, found):
        raise _no_place()
    audit_place(request).organisation_id = organisation_id
    if not personal:
        _check_owner(role_at(grants, found))


def _check_owner(held: Role | None) -> None:
    if held is None or not held.may(Role.OWNER):
        raise Problem(
            ProblemCode.FORBIDDEN,
            "Only an owner decides where the alerts of all are told. Add a target of your own, or ask an owner.",
            {"needed": Role.OWNER.value},
        )


def _no_place() -> Problem:
    return Problem(ProblemCode.NOT_FOUND, "There is no such organisation or group, or it is not yours. Choose another.")
