"""The API reference as a page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from foundation.web.context import CLIENT
from foundation.web.description import DESCRIPTION
from foundation.web.pages.reference import Group, groups_of
from foundation.web.pages.rendering import PageView, pages_of, render


@dataclass(frozen=True, slots=True, kw_only=True)
class DocsView(PageView):
    """Every operation, in groups."""

    groups: Sequence[Group]
    origin: str
    example: str
    tokens: str


async def docs_page(request: web.Request) -> web.StreamResponse:
    """GET /docs."""
    made = await request.app[DESCRIPTION].json()
    pages, client = pages_of(request), request[CLIENT]
    view = DocsView(
        title="API reference",
        nav="docs",
        groups=await asyncio.to_thread(_groups, made),
        origin=f"{client.scheme}://{client.host}",
        example=pages.example,
        tokens=pages.tokens,
    )
    return render(request, "docs.html", view)


def _groups(description: bytes) -> list[Group]:
    return groups_of(json.loads(description))
