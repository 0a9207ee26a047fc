"""Who did what: in an organisation for its owners, on the hub itself for those who run it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.store.audit import AuditEntry, ColumnValue
from foundation.web.models import MAX_NUMBER
from foundation.web.pages.rendering import render
from foundation.web.parsing import parse_query
from hub.people.types import Organisation
from hub.web.context import hub_of
from hub.web.pages.settings import SettingsView, surroundings
from hub.web.security.scopes import ORGANISATION

PAGE_OF = 50


class AuditPageQuery(BaseModel):
    """Which entries: older than ``before``, only of ``action``, only of ``device``."""

    model_config = ConfigDict(extra="ignore")

    before: int | None = Field(None, ge=1, le=MAX_NUMBER)
    action: str = Field("", max_length=100)
    device: str = Field("", max_length=128)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView(SettingsView):
    """A page of entries, newest first."""

    organisation: Organisation | None
    """None for the hub's own log."""
    organisations: Sequence[Organisation]
    entries: Sequence[AuditEntry]
    action: str
    device: str
    path: str
    first_page: bool
    newest: str
    """The query of the newest page."""
    older: str | None
    """The query of the next page; None at the end."""
    export: str
    """What the export is asked for."""


async def audit_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/organisations/{organisation_id}/audit."""
    return await _page(request, request[ORGANISATION])


async def hub_audit_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/accounts/audit: what belongs to no organisation."""
    return await _page(request, None)


async def _page(request: web.Request, organisation: Organisation | None) -> web.StreamResponse:
    query = parse_query(request, AuditPageQuery)
    action, device = query.action.strip(), query.device.strip()
    columns: dict[str, ColumnValue] = {"organisation_id": organisation.id if organisation else None}
    if device:
        columns["device_id"] = device
    entries = await hub_of(request).audit.entries(
        before=query.before, limit=PAGE_OF + 1, action=action or None, columns=columns
    )
    shown = entries[:PAGE_OF]
    around = await surroundings(request, organisation)
    filters = {name: value for name, value in (("action", action), ("device", device)) if value}
    whose = {"organisation_id": str(organisation.id)} if organisation else {}
    view = AuditView(
        title="Audit log",
        place="audit" if organisation else "accounts",
        places=around.places,
        organisation=organisation,
        organisations=around.organisations,
        entries=shown,
        action=action,
        device=device,
        path=request.path,
        first_page=query.before is None,
        newest=urlencode(filters),
        older=urlencode({**filters, "before": shown[-1].id}) if len(entries) > PAGE_OF else None,
        export=urlencode({**whose, **({"device_id": device} if device else {})}),
    )
    return render(request, "settings/audit.html", view)
