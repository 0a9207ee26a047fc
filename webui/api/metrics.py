"""``/metrics`` of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from foundation.web.metrics import EXPOSITION, Collector

if TYPE_CHECKING:
    from webui.context import Device
    from webui.meters import Meters


async def metrics(request: web.Request) -> web.Response:
    """Sessions, viewers, traffic, health and link, for Prometheus to scrape."""
    return await request.app[EXPOSITION].answer()


def make_collector(device: Device, meters: Meters) -> Collector:
    """What reads a device; its import takes memory, so it waits until somebody scrapes."""
    from webui.prometheus import DeviceCollector

    return DeviceCollector(device, meters)
