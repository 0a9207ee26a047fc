"""The audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from foundation.web.models import Answer, Body


class AuditQuery(Body):
    """Which entries."""

    before: int | None = Field(None, ge=1, le=2**53, description="Only entries with a smaller number.")
    limit: int = Field(50, ge=1, le=200)
    action: str | None = Field(None, min_length=1, max_length=100)


class ExportQuery(Body):
    """In which form."""

    format: Literal["ndjson", "csv"] = "ndjson"


class AuditEntryAnswer(Answer):
    """Who did what, from where, with which result."""

    id: int
    at: datetime
    who: str
    source: str
    action: str
    target: str
    result: str
    details: dict[str, JsonValue]


class AuditAnswer(Answer):
    """Entries of the audit log, newest first."""

    entries: list[AuditEntryAnswer]
