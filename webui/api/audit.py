"""The audit log: who did what, from where, with which result."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from foundation.store.audit import AuditEntry
from foundation.web.answers import answer
from foundation.web.exports import export_rows
from foundation.web.parsing import parse_query
from webui.api.models.audit import AuditAnswer, AuditEntryAnswer, AuditQuery, ExportQuery
from webui.context import device_of

_COLUMNS: Final = ("id", "at", "who", "source", "action", "target", "result", "details")


async def list_entries(request: web.Request) -> web.Response:
    """Entries, newest first; ``before`` turns the page."""
    query = parse_query(request, AuditQuery)
    found = await device_of(request).audit.entries(before=query.before, limit=query.limit, action=query.action)
    return answer(AuditAnswer(entries=[_shown(entry) for entry in found]))


async def export(request: web.Request) -> web.StreamResponse:
    """The whole log, oldest first, as a file."""
    query = parse_query(request, ExportQuery)
    rows = (_shown(entry) async for entry in device_of(request).audit.export())
    return await export_rows(request, rows, _COLUMNS, query.format, "hutch-audit")


def _shown(entry: AuditEntry) -> AuditEntryAnswer:
    return AuditEntryAnswer(
        id=entry.id,
        at=entry.at,
        who=entry.who,
        source=entry.source,
        action=entry.action,
        target=entry.target,
        result=entry.result,
        details=dict(entry.details),
    )
