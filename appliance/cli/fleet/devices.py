"""``hutch fleet devices``, and how the other commands find a device by what a person calls it."""

from __future__ import annotations

import argparse
from datetime import datetime

from pydantic import BaseModel

from appliance.cli.fleet.account import Account
from appliance.cli.fleet.client import HubClient, Page, with_hub
from protocol.problems import Problem, ProblemCode


class Device(BaseModel):
    """A device as the list shows it."""

    id: str
    name: str
    online: bool
    version: str | None
    last_seen_at: datetime | None
    sessions: int
    waiting: int
    alerts: int
    tags: list[str]


class _Devices(Page):
    devices: list[Device]


def show(options: argparse.Namespace, account: Account) -> int:
    """Print the devices, a line each."""
    query = {name: value for name in ("q", "tag", "state") if (value := getattr(options, name))}

    async def every(hub: HubClient) -> list[Device]:
        return await _listed(hub, query)

    devices = with_hub(account.read(), every)
    if options.json:
        print(_Devices(devices=devices).model_dump_json(indent=2))
        return 0
    if not devices:
        print("No devices here. Claim one on the hub's page.")
    for one in devices:
        print(_line(one))
    return 0


async def find(hub: HubClient, wanted: str) -> Device:
    """The device of this id or name. Raises :class:`Problem` NOT_FOUND."""
    for one in await _listed(hub, {"q": wanted}):
        if wanted in (one.id, one.name):
            return one
    raise Problem(ProblemCode.NOT_FOUND, f"There is no device “{wanted}”. See them with: hutch fleet devices")


async def _listed(hub: HubClient, query: dict[str, str]) -> list[Device]:
    return [one async for page in hub.pages("/api/devices", _Devices, query) for one in page.devices]


def _line(one: Device) -> str:
    if one.online:
        state = "online"
    else:
        state = f"offline since {one.last_seen_at:%Y-%m-%d %H:%M}" if one.last_seen_at else "never seen"
    notes = [f"{one.sessions} sessions"] if one.sessions else []
    notes += [f"{one.waiting} waiting for you"] if one.waiting else []
    notes += [f"{one.alerts} alerts"] if one.alerts else []
    notes += [f"#{tag}" for tag in one.tags]
    return f"{one.name:<24}  {state:<30}  {one.version or '?':<10}  {one.id}  {', '.join(notes)}".rstrip()
