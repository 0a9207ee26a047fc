"""A hub as it looks after some weeks of use: devices in every state, history, alerts, a rollout under way."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from playwright.async_api import expect

from foundation.store.database import Store
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.fleet import device_health
from protocol.events import Rollback
from tests.browser.hub.conftest import HubSite
from tests.browser.hub.simulated import Looks, SimulatedDevice, living
from tests.browser.visitor import Visitor

SHOWN = "greenhouse"
"""The device whose page is worth a picture."""

_HOME = (
    Looks(
        SHOWN,
        model="Raspberry Pi 5 Model B Rev 1.0",
        cpu=62,
        ram=0.71,
        heat=66,
        sessions=(
            ("field-gateway", "claude-code", "waiting", "Send garden-9 to the field?"),
            ("blog", "codex", "working", "Counting seeds"),
            ("notes", "", "idle", ""),
        ),
        rollback=Rollback(
            version="1.4.0-rc1",
            reason="The page did not answer within 120 s after the start.",
            at=datetime.now(UTC) - timedelta(days=2),
        ),
    ),
    Looks("kitchen-radio", cpu=4, ram=0.22, heat=41),
    Looks("attic", cpu=9, disk=0.93, heat=52, sessions=(("backup", "", "working", "rsync 81 %"),)),
    Looks("workbench-with-quite-a-long-name-that-goes-on", cpu=97, ram=0.88, heat=84, throttled=True),
)
_WORKSHOP = (
    Looks("printer-1", version="1.3.1", heat=None, sessions=(("queue", "opencode", "idle", "Nothing to print"),)),
    Looks("printer-2", version="1.3.1", allows=("health",), refuses_updates="The disk has only 40 MB left."),
    Looks("saw", version="1.2.9", cpu=1, ram=0.12),
    Looks("window-camera", version="1.3.1"),
)
AWAY = "window-camera"
_RELEASE = {
    "url": "https://releases.example.org/hutch-1.4.0.raucb",
    "sha256": "9f" * 32,
    "version": "1.4.0",
}


@asynccontextmanager
async def furnished(anna: Visitor, hub: HubSite) -> AsyncIterator[dict[str, int]]:
    """A hub full of devices while inside; the numbers of what was made, by name."""
    await anna.go("/")
    home = (await anna.ask("GET", "/api/groups"))["groups"][0]
    workshop = await anna.ask("POST", f"/api/organisations/{home['organisation_id']}/groups", {"name": "Workshop"})
    made = {"home": home["id"], "workshop": workshop["id"], "organisation": home["organisation_id"]}
    devices = [
        SimulatedDevice(looks, await _token(anna, group, label), hub.url)
        for group, label, several in ((made["home"], "Boxes at home", _HOME), (made["workshop"], "Shop", _WORKSHOP))
        for looks in several
    ]
    async with living(devices) as tasks:
        await anna.ask("PUT", f"/api/devices/{SHOWN}/tags", {"tags": ["garden", "pi5", "sensors"]})
        await anna.ask("PUT", "/api/devices/attic/tags", {"tags": ["backup"]})
        await _weeks_of_health(hub)
        made["rollout"] = await _rollout(anna, made["workshop"])
        await _settled(anna, made["rollout"])
        tasks[AWAY].cancel()
        await _kept_commands(anna)
        await _waiting_alert(anna, made)
        yield made


async def _token(anna: Visitor, group_id: int, label: str) -> str:
    until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    batch = {"group_id": group_id, "label": label, "max_uses": 10, "expires_at": until}
    token: str = (await anna.ask("POST", "/api/batches", batch))["token"]
    return token


async def _rollout(anna: Visitor, group_id: int) -> int:
    stages = [{"count": 1}, {"percent": 75, "soak_seconds": 3600}, {"percent": 100}]
    wish = {"release": _RELEASE, "stages": stages, "threshold": {"failures": 2}}
    proposed = await anna.ask("POST", f"/api/groups/{group_id}/rollouts", wish)
    await anna.ask("POST", f"/api/rollouts/{proposed['id']}/approve")
    number: int = proposed["id"]
    return number


async def _settled(anna: Visitor, rollout: int) -> None:
    """Every device that was told has answered."""
    await anna.go(f"/rollouts/{rollout}")
    await expect(anna.page.locator(".targets .chip", has_text="Done")).to_have_count(2)
    await expect(anna.page.locator(".targets .chip", has_text="Failed")).to_have_count(1)


async def _kept_commands(anna: Visitor) -> None:
    """One that waits for the device that is away, and one that was taken back."""
    kept = f"/api/devices/{AWAY}/commands"
    update = {"type": "gateway.update", **_RELEASE}
    await anna.ask("POST", f"{kept}?queue=true&expires_in=604800", {"type": "agents.install", "agent": "codex"})
    second = await anna.ask("POST", f"{kept}?queue=true", update)
    await anna.ask("DELETE", f"{kept}/{second['command_id']}")


async def _waiting_alert(anna: Visitor, made: dict[str, int]) -> None:
    """Alerts at once: what the disk and the heat say needs no time."""
    del made
    await anna.go("/alerts")
    await expect(anna.page.get_by_text("The disk is 93 % full")).to_be_visible()


async def _weeks_of_health(hub: HubSite) -> None:
    store = await Store.open(f"sqlite:///{hub.data / 'hub.db'}", HUB_SCHEMA)
    now = datetime.now(UTC)
    first = datetime.fromtimestamp(now.timestamp() // 300 * 300, UTC) - timedelta(days=30)
    moments = [(first + timedelta(minutes=5 * step), step) for step in range(30 * 288)]
    # It was unplugged for an afternoon.
    kept = [_sample(at, step) for at, step in moments if not timedelta(days=3) < now - at < timedelta(days=3, hours=9)]
    async with store.begin() as connection:
        for start in range(0, len(kept), 500):
            await connection.execute(sa.insert(device_health), kept[start : start + 500])
    await store.close()


def _sample(at: datetime, step: int) -> dict[str, object]:
    day = math.sin(step / 288 * 2 * math.pi)
    busy = 52 * max(0.0, day) ** 3 + (step * 7919 % 11) * max(0.2, day)
    return {
        "device_id": SHOWN,
        "at": at,
        "cpu_percent": 6 + busy,
        "ram_percent": 52 + 18 * day + (step * 31 % 5),
        "disk_percent": 31 + step / 864,
        "temperature_celsius": 55 + 11 * day + (step * 13 % 4),
        "throttled": False,
    }
