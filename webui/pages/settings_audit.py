"""Who changed what on this device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.store.audit import AuditEntry
from foundation.web.models import MAX_NUMBER
from foundation.web.pages.rendering import render
from foundation.web.parsing import parse_query
from webui.context import device_of
from webui.pages.settings import SettingsView, places_for

PAGE_OF = 50


class AuditPageQuery(BaseModel):
    """Which entries: older than ``before``, only of ``action``."""

    model_config = ConfigDict(extra="ignore")

    before: int | None = Field(None, ge=1, le=MAX_NUMBER)
    action: str = Field("", max_length=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView(SettingsView):
    """A page of entries, newest first."""

    entries: Sequence[AuditEntry]
    action: str
    older: int | None
    """What to ask for as ``before`` to go on; None at the end."""
    first_page: bool


async def audit_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/audit."""
    query = parse_query(request, AuditPageQuery)
    entries = await device_of(request).audit.entries(
        before=query.before, limit=PAGE_OF + 1, action=query.action.strip() or None
    )
    shown = entries[:PAGE_OF]
    view = AuditView(
        title="Audit log",
        place="audit",
        places=places_for(request),
        entries=shown,
        action=query.action,
        older=shown[-1].id if len(entries) > PAGE_OF else None,
        first_page=query.before is None,
    )
    return render(request, "settings/audit.html", view)
