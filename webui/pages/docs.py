"""The API reference as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from webui.context import device_of
from webui.pages.reference import Group, groups_of
from webui.pages.rendering import PageView, render


@dataclass(frozen=True, slots=True, kw_only=True)
class DocsView(PageView):
    """Every operation, in groups."""

    groups: Sequence[Group]
    host: str


async def docs_page(request: web.Request) -> web.StreamResponse:
    """GET /docs."""
    view = DocsView(
        title="API reference", nav="docs", groups=groups_of(describe(device_of(request))), host=request.host
    )
    return render(request, "docs.html", view)
