"""Batches: tokens that let devices in without a person."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from hub.enrolment.batches import NewBatch
from hub.people.roles import Role
from hub.web.api.models.enrolment import (
    LONGEST_BATCH,
    BatchAnswer,
    BatchesAnswer,
    BatchesQuery,
    NewBatchAnswer,
    NewBatchBody,
)
from hub.web.context import hub_of, identity_of
from hub.web.security.devices import BATCH, group_of_body
from protocol.problems import Problem, ProblemCode


async def list_batches(request: web.Request) -> web.Response:
    """The batches of the groups that one owns."""
    query = parse_query(request, BatchesQuery)
    reach = identity_of(request).grants.groups(Role.OWNER)
    found = await hub_of(request).enrolment.batches.page(reach, query.after, query.limit + 1)
    shown = found[: query.limit]
    after = shown[-1].id if len(found) > query.limit else None
    return answer(BatchesAnswer(batches=[BatchAnswer.of(batch) for batch in shown], after=after))


async def add_batch(request: web.Request) -> web.Response:
    """Make a batch; its token is answered this once."""
    body = await parse_body(request, NewBatchBody)
    group = await group_of_body(request, body.group_id, Role.OWNER)
    said = note(request)
    said.target = body.label
    said.details.update({"group_id": group.id, "max_uses": body.max_uses})
    expires_at = body.expires_at.astimezone(UTC)
    if expires_at - datetime.now(UTC) > LONGEST_BATCH:
        message = f"A batch lasts at most {LONGEST_BATCH.days} days. Choose an earlier end."
        raise Problem(ProblemCode.INVALID_REQUEST, message)
    new = NewBatch(group.id, body.label, body.max_uses, expires_at, identity_of(request).name)
    batch, token = await hub_of(request).enrolment.batches.add(new)
    return answer(NewBatchAnswer(batch=BatchAnswer.of(batch), token=token), 201)


async def revoke_batch(request: web.Request) -> web.Response:
    """Let no more devices in by a batch; those that came stay."""
    batch = request[BATCH]
    note(request).target = batch.label
    await hub_of(request).enrolment.batches.revoke(batch.id)
    return nothing()
