"""The device itself: what it is, how it does, and whether it is well."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from aiohttp import web

from foundation.web.answers import answer
from foundation.web.parsing import parse_query
from webui.api.models.device import DeviceAnswer, HealthAnswer, HealthQuery, HealthSamplesAnswer, StatusAnswer
from webui.context import device_of
from webui.wellness import WELLNESS


async def show_device(request: web.Request) -> web.Response:
    """What this device is and how it does."""
    device = device_of(request)
    system = await asyncio.to_thread(device.sampler.system_info)
    health = device.latest_health()
    return answer(
        DeviceAnswer(
            gateway_id=device.gateway_id,
            hostname=device.name,
            version=device.version,
            model=system.model,
            os=system.os,
            arch=system.arch,
            cpus=system.cpus,
            started_at=device.started_at,
            health=HealthAnswer.of(health) if health else None,
        )
    )


async def health_samples(request: web.Request) -> web.Response:
    """Measurements of the last while, for charts."""
    query = parse_query(request, HealthQuery)
    since = datetime.now(UTC) - timedelta(minutes=query.minutes)
    samples = await device_of(request).health_history.since(since, query.points)
    return answer(HealthSamplesAnswer(samples=[HealthAnswer.of(sample) for sample in samples]))


async def status(request: web.Request) -> web.Response:
    """Whether this device is well, for whoever watches it; 503 when it cannot do its work."""
    found = await request.app[WELLNESS].now()
    code = 503 if found.status == "unhealthy" else 200
    shown = StatusAnswer(status=found.status, version=device_of(request).version, reasons=list(found.reasons))
    return answer(shown, code)
