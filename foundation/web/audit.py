"""The audit log as the REST APIs of device and hub show it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, Self

from pydantic import Field, JsonValue

from foundation.store.audit import AuditEntry
from foundation.web.models import MAX_NUMBER, Answer, Body

SHOWN: Final = ("id", "at", "who", "source", "action", "target", "result", "details")
"""What every entry shows, in the order of an exported table."""


class AuditQuery(Body):
    """Which entries."""

    before: int | None = Field(None, ge=1, le=MAX_NUMBER, description="Only entries with a smaller number.")
    limit: int = Field(50, ge=1, le=200)
    action: str | None = Field(None, min_length=1, max_length=100)


class ExportQuery(Body):
    """In which form."""

    format: Literal["ndjson", "csv"] = "ndjson"


class AuditEntryAnswer(Answer):
    """Who did what, from where, with which result. Columns of one's own are fields of a subclass."""

    id: int
    at: datetime
    who: str
    source: str
    action: str
    target: str
    result: str
    details: dict[str, JsonValue]

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        """The answer that shows an entry."""
        return cls.model_validate({**{name: getattr(entry, name) for name in SHOWN}, **entry.columns})


class AuditAnswer(Answer):
    """Entries of the audit log, newest first."""

    entries: list[AuditEntryAnswer]
