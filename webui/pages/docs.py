"""The API reference as a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from webui.api.description import openapi
from webui.pages.reference import Group, groups_of
from webui.pages.rendering import PageView, render


@dataclass(frozen=True, slots=True, kw_only=True)
class DocsView(PageView):
    """Every operation, in groups."""

    groups: Sequence[Group]
    host: str


async def docs_page(request: web.Request) -> web.StreamResponse:
    """GET /docs."""
    answer = await openapi(request)
    description = json.loads(answer.body) if isinstance(answer.body, bytes) else {}
    view = DocsView(title="API reference", nav="docs", groups=groups_of(description), host=request.host)
    return render(request, "docs.html", view)
