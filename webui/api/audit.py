"""The audit log: who did what, from where, with which result."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer
from foundation.web.audit import SHOWN, AuditAnswer, AuditEntryAnswer, AuditQuery, ExportQuery
from foundation.web.exports import export_rows
from foundation.web.parsing import parse_query
from webui.context import device_of


async def list_entries(request: web.Request) -> web.Response:
    """Entries, newest first; ``before`` turns the page."""
    query = parse_query(request, AuditQuery)
    found = await device_of(request).audit.entries(before=query.before, limit=query.limit, action=query.action)
    return answer(AuditAnswer(entries=[AuditEntryAnswer.of(entry) for entry in found]))


async def export(request: web.Request) -> web.StreamResponse:
    """The whole log, oldest first, as a file."""
    query = parse_query(request, ExportQuery)
    rows = (AuditEntryAnswer.of(entry) async for entry in device_of(request).audit.export())
    return await export_rows(request, rows, SHOWN, query.format, "hutch-audit")
