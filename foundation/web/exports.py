"""Rows as a file that is written while it is read: JSON lines or CSV, whatever their number."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from typing import Final, Literal

from aiohttp import hdrs, web
from pydantic import BaseModel

_BLOCK: Final = 64 * 1024
"""Characters gathered before they are sent."""


async def export_rows(
    request: web.Request,
    rows: AsyncIterator[BaseModel],
    columns: Sequence[str],
    form: Literal["ndjson", "csv"],
    name: str,
) -> web.StreamResponse:
    """Answer with ``rows`` as the file ``name.FORM``; ``columns`` are the fields of a row, in CSV also their order."""
    response = web.StreamResponse()
    response.content_type = "text/csv" if form == "csv" else "application/x-ndjson"
    response.charset = "utf-8"
    response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}.{form}"'
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    block = _csv_line(columns) if form == "csv" else ""
    async for row in rows:
        block += _as_csv(row, columns) if form == "csv" else row.model_dump_json() + "\n"
        if len(block) > _BLOCK:
            await response.write(block.encode())
            block = ""
    await response.write(block.encode())
    await response.write_eof()
    return response


def _as_csv(row: BaseModel, columns: Sequence[str]) -> str:
    shown = row.model_dump(mode="json")
    return _csv_line([_harmless(_cell(shown[column])) for column in columns])


def _cell(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return "" if value is None else str(value)


def _harmless(cell: str) -> str:
    """Spreadsheets run what begins like a formula; an apostrophe makes it text."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
