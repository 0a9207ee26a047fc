"""The audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from foundation.web.models import Answer, Body
from hub.web.api.models.people import Number


class AuditWhose(Body):
    """Whose log."""

    organisation_id: Number | None = Field(
        None, description="An organisation you own; left out by administrators for the log of the hub itself."
    )
    device_id: str | None = Field(None, min_length=1, max_length=128, description="Only what tells of this device.")


class AuditQuery(AuditWhose):
    """Which entries."""

    before: Number | None = Field(None, description="Only entries with a smaller number.")
    limit: int = Field(50, ge=1, le=200)
    action: str | None = Field(None, min_length=1, max_length=100)


class ExportQuery(AuditWhose):
    """In which form."""

    format: Literal["ndjson", "csv"] = "ndjson"


class AuditEntryAnswer(Answer):
    """Who did what to which device or organisation, from where, with which result."""

    id: int
    at: datetime
    who: str
    source: str
    action: str
    target: str
    result: str
    organisation_id: int | None
    device_id: str | None
    details: dict[str, JsonValue]


class AuditAnswer(Answer):
    """Entries of the audit log, newest first."""

    entries: list[AuditEntryAnswer]
