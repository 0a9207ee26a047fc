"""``/metrics`` in the text format of Prometheus."""

from __future__ import annotations

from aiohttp import web

from foundation.web.metrics import EXPOSITION


async def metrics(request: web.Request) -> web.Response:
    """What this node of the hub counts, for Prometheus to scrape with an administrator's token."""
    return await request.app[EXPOSITION].answer()
