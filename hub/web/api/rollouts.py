"""Rollouts: proposed by who works with a group, approved by who owns it."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query, path_number
from hub.rollouts.book import Step
from hub.store.tables.rollouts import rollouts
from hub.web.api.models.rollouts import (
    NewRollout,
    Retry,
    RolloutAnswer,
    RolloutsAnswer,
    RolloutsQuery,
    TargetAnswer,
    TargetsAnswer,
    TargetsQuery,
)
from hub.web.context import hub_of, identity_of
from hub.web.security.scopes import GROUP


async def list_rollouts(request: web.Request) -> web.Response:
    """The rollouts of the groups one has a role in, newest first."""
    query = parse_query(request, RolloutsQuery)
    where = identity_of(request).grants.groups().clause(rollouts.c.organisation_id, rollouts.c.group_id)
    if query.group_id is not None:
        where &= rollouts.c.group_id == query.group_id
    found = await hub_of(request).rollouts.listed(where, older_than=query.after, limit=query.limit)
    return answer(RolloutsAnswer(rollouts=[RolloutAnswer.of(step) for step in found]))


async def propose(request: web.Request) -> web.Response:
    """Write a rollout down; no device hears of it before an owner approves."""
    body = await parse_body(request, NewRollout)
    note(request).target = body.release.version
    proposal = body.proposal(request[GROUP].id)
    step = await hub_of(request).rollouts.propose(proposal, identity_of(request).name)
    return answer(RolloutAnswer.of(step), 201)


async def show(request: web.Request) -> web.Response:
    """One rollout and how many devices stand where."""
    return answer(RolloutAnswer.of(await hub_of(request).rollouts.get(_id(request))))


async def targets(request: web.Request) -> web.Response:
    """The devices of a rollout, each with what became of it."""
    query = parse_query(request, TargetsQuery)
    found = await hub_of(request).rollouts.targets(
        _id(request), state=query.state, after_id=query.after, limit=query.limit
    )
    return answer(TargetsAnswer(targets=[TargetAnswer.of(target) for target in found]))


async def approve(request: web.Request) -> web.Response:
    """Let it begin. Older rollouts for the same group end."""
    return _moved(await hub_of(request).rollouts.approve(_id(request), identity_of(request).name))


async def pause(request: web.Request) -> web.Response:
    """Tell no further device for now."""
    return _moved(await hub_of(request).rollouts.pause(_id(request), identity_of(request).name))


async def resume(request: web.Request) -> web.Response:
    """Go on after a pause or a halt; failures so far no longer count."""
    return _moved(await hub_of(request).rollouts.resume(_id(request)))


async def halt(request: web.Request) -> web.Response:
    """Stop it as it would stop itself."""
    return _moved(await hub_of(request).rollouts.halt(_id(request), identity_of(request).name))


async def cancel(request: web.Request) -> web.Response:
    """End it for good."""
    return _moved(await hub_of(request).rollouts.cancel(_id(request), identity_of(request).name))


async def retry(request: web.Request) -> web.Response:
    """Give failed devices, or one of them, another turn."""
    body = await parse_body(request, Retry)
    if body.device_id is not None:
        note(request).details["device_id"] = body.device_id
    return _moved(await hub_of(request).rollouts.retry(_id(request), body.device_id))


def _id(request: web.Request) -> int:
    return path_number(request, "rollout_id")


def _moved(step: Step) -> web.Response:
    return answer(RolloutAnswer.of(step))
