"""The audit log: who did what to which device or organisation, from where, with which result."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from foundation.store.audit import ColumnValue
from foundation.web.answers import answer
from foundation.web.audit import SHOWN
from foundation.web.exports import export_rows
from foundation.web.parsing import parse_query
from hub.people.roles import Role
from hub.web.api.models.audit import AuditAnswer, AuditEntryAnswer, AuditQuery, AuditWhose, ExportQuery
from hub.web.context import audit_place, hub_of, identity_of
from protocol.problems import Problem, ProblemCode

_COLUMNS: Final = (*SHOWN[:-1], "organisation_id", "device_id", SHOWN[-1])


async def list_entries(request: web.Request) -> web.Response:
    """Entries, newest first; ``before`` turns the page."""
    query = parse_query(request, AuditQuery)
    found = await hub_of(request).audit.entries(
        before=query.before, limit=query.limit, action=query.action, columns=_wanted(request, query)
    )
    return answer(AuditAnswer(entries=[AuditEntryAnswer.of(entry) for entry in found]))


async def export(request: web.Request) -> web.StreamResponse:
    """The whole log, oldest first, as a file."""
    query = parse_query(request, ExportQuery)
    columns = _wanted(request, query)
    rows = (AuditEntryAnswer.of(entry) async for entry in hub_of(request).audit.export(columns=columns))
    return await export_rows(request, rows, _COLUMNS, query.format, "hutch-hub-audit")


def _wanted(request: web.Request, whose: AuditWhose) -> dict[str, ColumnValue]:
    """Which entries somebody may ask for.

    Raises :class:`Problem` NOT_FOUND for an organisation one has no part in, FORBIDDEN for one that one does not own,
    and for the hub's own log.
    """
    grants = identity_of(request).grants
    wanted: dict[str, ColumnValue] = {"organisation_id": whose.organisation_id}
    if whose.device_id is not None:
        wanted["device_id"] = whose.device_id
    if whose.organisation_id is None:
        if grants.administration is None:
            raise Problem(
                ProblemCode.FORBIDDEN,
                "Only an administrator reads the log of the hub itself. Say which organisation: ?organisation_id=",
            )
        return wanted
    if not grants.sees(whose.organisation_id):
        raise Problem(ProblemCode.NOT_FOUND, "There is no such organisation. Check its number.")
    held = grants.role_for(None, whose.organisation_id)
    if held is None or not held.may(Role.OWNER):
        raise Problem(ProblemCode.FORBIDDEN, "Only an owner reads the log of an organisation. Ask one of them.")
    audit_place(request).organisation_id = whose.organisation_id
    return wanted
