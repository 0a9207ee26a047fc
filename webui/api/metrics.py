"""``/metrics`` in the text format of Prometheus."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import web

from webui.context import Device, device_of
from webui.meters import METERS, Meters

if TYPE_CHECKING:
    from webui.prometheus import Exporter

_EXPORTER: Final[web.AppKey[list[Exporter]]] = web.AppKey("metrics_exporter")


def set_up_metrics(app: web.Application) -> None:
    """Make room for the exporter, which is made when somebody first asks: most devices are never scraped."""
    app[_EXPORTER] = []


async def metrics(request: web.Request) -> web.Response:
    """Sessions, viewers, traffic, health and link, for Prometheus to scrape."""
    held = request.app[_EXPORTER]
    if not held:
        held.append(await asyncio.to_thread(_make, device_of(request), request.app[METERS]))
    response = web.Response(body=held[0].text())
    response.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
    return response


def _make(device: Device, meters: Meters) -> Exporter:
    """In a thread, because an import reads files."""
    from webui.prometheus import Exporter

    return Exporter(device, meters)
