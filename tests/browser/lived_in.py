"""A device as it looks after some weeks of use: folders, an hour of health, sessions in every state."""

from __future__ import annotations

import asyncio
import base64
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from foundation.store.database import Store
from gateway.host.health import HealthSampler
from gateway.store.health import HealthHistory
from gateway.store.schema import DEVICE_SCHEMA
from tests.browser.visitor import Visitor
from tests.device_process import DeviceProcess

SHOWN = "All 42 checks passed."
"""Stands on the screen of the session :func:`furnish` returns."""

_SCREEN = r"""clear
prompt() { printf '\033[1;32manna\033[0m \033[36m~/blog\033[0m \033[35m(main)\033[0m \033[1m$\033[0m '; }
line() { prompt; printf '%s\n' "$1"; }
line 'make check'
printf '  \033[32m✓\033[0m links      128 checked     \033[2m0.8 s\033[0m\n'
printf '  \033[32m✓\033[0m spelling    41 pages       \033[2m1.2 s\033[0m\n'
printf '  \033[33m!\033[0m images      23, \033[33m1 is large\033[0m  \033[2m3.4 s\033[0m\n'
printf '  \033[32mAll 42 checks passed.\033[0m\n\n'
line 'git diff --stat'
printf ' drafts/first-frost.md │ 38 \033[32m++++++++++\033[31m--\033[0m\n'
printf ' images/garden.jpg     │ new\n'
printf ' theme/base.css        │  7 \033[32m++\033[31m+---\033[0m\n'
printf ' 3 files changed, 33 insertions, 12 deletions\n\n'
line 'git log --oneline -4'
printf '\033[33m9f31c2a\033[0m Write about the first frost\n'
printf '\033[33m41e07bd\033[0m Show pictures in their own size\n'
printf '\033[33mc88d1f5\033[0m Say when a draft is new\n'
printf '\033[33m07aa9e3\033[0m Begin\n\n'
line 'sensors --week'
printf '┌─────┬──────────────────┬─────────┐\n'
printf '│ Mon │ \033[34m▁▁▂▃▄▅▆▆▅▄▃▂▂▁▁▁\033[0m │  6.2 °C │\n'
printf '│ Tue │ \033[36m▁▁▂▃▅▆▇▇▆▅▄▃▂▂▁▁\033[0m │  8.9 °C │\n'
printf '│ Wed │ \033[33m▂▂▃▄▅▆▇█▇▆▅▄▃▃▂▂\033[0m │ 11.4 °C │\n'
printf '│ Thu │ \033[34m▁▁▁▂▃▄▅▅▄▃▂▂▁▁▁▁\033[0m │  4.0 °C │\n'
printf '└─────┴──────────────────┴─────────┘\n\n'
printf '\033]2;Blog: the first frost\007'
prompt
PS1=''
"""
_WAITS = r"""printf 'Send garden-9 to the field?\n\033]2;Send it? Waiting for input\007'; read -r answer"""
_WORKS = r"""printf '\033]2;Counting seeds\007'; while :; do printf 'tray %s\r' "$((n = n + 1))"; sleep 0.5; done"""


async def furnish(anna: Visitor, device: DeviceProcess) -> str:
    """Fill the device, with a session in every state; the path of the one whose screen is worth a picture."""
    workspace = device.data / "workspace"
    for name in ("blog", "garden-sensors", "notes"):
        (workspace / name).mkdir()
    (workspace / "README.md").write_text("A small box.\n" * 40)
    (workspace / "a photograph with a long name that nobody has shortened yet, of the garden.jpg").write_bytes(
        bytes(3_400_000)
    )
    (workspace / "blog" / ".screen").write_text(_SCREEN)
    await _an_hour_of_health(device)
    await anna.go("/")
    ended = await _session(anna, "old-notes", "notes", "exit 3")
    await _session(anna, "field-gateway", "garden-sensors", _WAITS)
    await _session(anna, "greenhouse-with-quite-a-long-name", "garden-sensors", _WORKS)
    blog = await _session(anna, "blog", "blog", ". ./.screen")
    for session, status in ((ended, "ended"), (blog, "idle")):
        await expect(anna.page.locator(f"[data-key='{session}'] [data-status={status}]")).to_be_visible()
    return f"/sessions/{blog}"


async def _session(anna: Visitor, name: str, folder: str, command: str) -> str:
    made = await anna.call("POST", "/api/sessions", {"name": name, "workdir": folder})
    typed = base64.b64encode(f"{command}\n".encode()).decode()
    await anna.call("POST", f"/api/sessions/{made['id']}/input", {"data": typed})
    return made["id"]


async def _an_hour_of_health(device: DeviceProcess) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{device.data / 'hutch.db'}", DEVICE_SCHEMA)
    history = HealthHistory(store)
    base = await asyncio.to_thread(lambda: HealthSampler(device.data).sample())
    for minute in range(60, 0, -1):
        busy = 38 * math.sin(minute / 9) ** 2 + (minute * 7919 % 17)
        sample = replace(
            base,
            at=datetime.now(UTC) - timedelta(minutes=minute),
            cpu_percent=5 + busy,
            ram_used_bytes=int(base.ram_total_bytes * (0.18 + busy / 400)),
        )
        await history.add(sample)
    await history.flush()
    await store.close()
