"""The audit log: who did what, from where, with which result."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Final

from aiohttp import hdrs, web

from foundation.store.audit import AuditEntry
from foundation.web.answers import answer
from foundation.web.parsing import parse_query
from webui.api.models.audit import AuditAnswer, AuditEntryAnswer, AuditQuery, ExportQuery
from webui.context import device_of

_COLUMNS: Final = ("id", "at", "who", "source", "action", "target", "result", "details")
_BLOCK = 64 * 1024


async def list_entries(request: web.Request) -> web.Response:
    """Entries, newest first; ``before`` turns the page."""
    query = parse_query(request, AuditQuery)
    found = await device_of(request).audit.entries(before=query.before, limit=query.limit, action=query.action)
    return answer(AuditAnswer(entries=[_shown(entry) for entry in found]))


async def export(request: web.Request) -> web.StreamResponse:
    """The whole log, oldest first, as a file."""
    query = parse_query(request, ExportQuery)
    response = web.StreamResponse()
    response.content_type = "text/csv" if query.format == "csv" else "application/x-ndjson"
    response.charset = "utf-8"
    response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="hutch-audit.{query.format}"'
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    write = _WRITERS[query.format]
    block = _csv_line(_COLUMNS) if query.format == "csv" else ""
    async for entry in device_of(request).audit.export():
        block += write(_shown(entry))
        if len(block) > _BLOCK:
            await response.write(block.encode())
            block = ""
    await response.write(block.encode())
    await response.write_eof()
    return response


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


def _as_ndjson(entry: AuditEntryAnswer) -> str:
    return entry.model_dump_json() + "\n"


def _as_csv(entry: AuditEntryAnswer) -> str:
    shown = entry.model_dump(mode="json")
    shown["details"] = json.dumps(shown["details"], ensure_ascii=False) if shown["details"] else ""
    return _csv_line([_harmless(str(shown[column])) for column in _COLUMNS])


def _harmless(cell: str) -> str:
    """Spreadsheets run what begins like a formula; an apostrophe makes it text."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _csv_line(cells: tuple[str, ...] | list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


_WRITERS: Final[dict[str, Callable[[AuditEntryAnswer], str]]] = {"ndjson": _as_ndjson, "csv": _as_csv}
