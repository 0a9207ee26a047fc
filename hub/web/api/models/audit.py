"""The audit log."""

from __future__ import annotations

from pydantic import Field

from foundation.web import audit
from foundation.web.models import Answer, Body, Number


class AuditWhose(Body):
    """Whose log."""

    organisation_id: Number | None = Field(
        None, description="An organisation you own; left out by administrators for the log of the hub itself."
    )
    device_id: str | None = Field(None, min_length=1, max_length=128, description="Only what tells of this device.")


class AuditQuery(AuditWhose, audit.AuditQuery):
    """Whose log, and which of its entries."""


class ExportQuery(AuditWhose, audit.ExportQuery):
    """Whose log, and in which form."""


class AuditEntryAnswer(audit.AuditEntryAnswer):
    """Who did what to which device or organisation, from where, with which result."""

    organisation_id: int | None
    device_id: str | None


class AuditAnswer(Answer):
    """Entries of the audit log, newest first."""

    entries: list[AuditEntryAnswer]
