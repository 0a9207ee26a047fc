"""``hutch run`` and ``hutch status``."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from contextlib import suppress
from datetime import datetime

from pydantic import BaseModel

from appliance.cli.console import ask
from appliance.cli.link import HubAnswer, hub_lines
from appliance.cli.update import UpdatesAnswer, update_lines
from appliance.config import Settings
from protocol.problems import Problem


class _Health(BaseModel):
    cpu_percent: float
    ram_used_bytes: int
    ram_total_bytes: int
    disk_used_bytes: int
    disk_total_bytes: int
    temperature_celsius: float | None
    uptime_seconds: int


class _Device(BaseModel):
    gateway_id: str
    hostname: str
    version: str
    started_at: datetime
    health: _Health | None


class _Overall(BaseModel):
    status: str
    reasons: list[str] = []


class _Status(BaseModel):
    device: _Device
    overall: _Overall
    hub: HubAnswer
    updates: UpdatesAnswer


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Run the daemon in the foreground."""
    # Loaded here: the other commands do without the whole device, and a relaunch comes before it.
    from appliance import bootstrap
    from appliance.logs import set_up

    set_up(settings.log_level, settings.log_format)
    try:
        return bootstrap.run(settings)
    except Problem as problem:
        if "NOTIFY_SOCKET" in os.environ:  # a service: nobody sees what is printed
            _stand_in(problem, settings)
        raise


def _stand_in(problem: Problem, settings: Settings) -> None:
    from appliance import standin

    with suppress(Problem):
        asyncio.run(standin.show(problem, settings.listen))


def status(options: argparse.Namespace, settings: Settings) -> int:
    """Print how the device is; 1 when it is not well."""
    answer = _Status(
        device=ask(settings, "GET", "/api/device", _Device),
        overall=ask(settings, "GET", "/health", _Overall),
        hub=ask(settings, "GET", "/api/hub", HubAnswer),
        updates=ask(settings, "GET", "/api/updates", UpdatesAnswer),
    )
    if options.json:
        print(answer.model_dump_json(indent=2))
    else:
        for line in _lines(answer):
            print(line)
    return 0 if answer.overall.status == "healthy" else 1


def _lines(answer: _Status) -> list[str]:
    device, health, hub = answer.device, answer.device.health, answer.hub
    lines = [
        f"{device.hostname} ({device.gateway_id}), Hutch {device.version}: {answer.overall.status}",
        *(f"  {reason}" for reason in answer.overall.reasons),
        f"running since {device.started_at:%Y-%m-%d %H:%M} UTC",
    ]
    if health:
        heat = f", {health.temperature_celsius:.0f} °C" if health.temperature_celsius is not None else ""
        lines += [
            f"processor {health.cpu_percent:.0f} %{heat}",
            f"memory {_share(health.ram_used_bytes, health.ram_total_bytes)}, "
            f"disk {_share(health.disk_used_bytes, health.disk_total_bytes)}",
        ]
    return [*lines, *update_lines(answer.updates), *hub_lines(hub, picture=sys.stdout.isatty())]


def _share(used: int, total: int) -> str:
    gib = 1024**3
    return f"{used / gib:.1f} of {total / gib:.1f} GiB"
