"""``hutch link …``: the hub of this device, from the command line."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, JsonValue

from appliance.claiming import claim_lines
from appliance.cli.answers import Nothing
from appliance.cli.console import ask
from appliance.config import Settings
from gateway.hub_link.status import Claim
from protocol.events import PERMISSIONS

_LONGEST_TOKEN = 4096
_PATIENCE = 15.0
"""Seconds that joining may take before the command ends; the device goes on by itself."""
_PACE = 0.2


class ClaimAnswer(BaseModel):
    """What a person enters at the hub."""

    code: str
    url: str
    expires_at: datetime


class HubAnswer(BaseModel):
    """The link as the daemon tells of it."""

    state: str
    url: str | None
    last_error: str | None = None
    device_id: str = ""
    fingerprint: str | None = None
    claim: ClaimAnswer | None = None
    organisation: str | None = None
    hub_changed: bool = False
    allows: tuple[str, ...] = ()


def join(options: argparse.Namespace, settings: Settings) -> int:
    """Join a hub, and print the claim code; 1 when the hub cannot be reached, and the device goes on trying."""
    body: dict[str, JsonValue] = {"url": options.address}
    if options.token_stdin:
        body["token"] = _token()
    hub = _ask(settings, "PUT", "/api/hub", body)
    until = time.monotonic() + _PATIENCE
    while not _settled(hub) and time.monotonic() < until:
        time.sleep(_PACE)
        hub = _ask(settings, "GET", "/api/hub")
    _print(hub)
    return 0 if hub.state == "online" or hub.claim is not None else 1


def show(_options: argparse.Namespace, settings: Settings) -> int:
    """Print how the link is; 1 when there is a hub and it is not connected."""
    hub = _ask(settings, "GET", "/api/hub")
    _print(hub)
    return 0 if hub.state in ("online", "off") else 1


def leave(_options: argparse.Namespace, settings: Settings) -> int:
    """Leave the hub."""
    ask(settings, "DELETE", "/api/hub", Nothing)
    print("This device no longer talks to a hub.")
    return 0


def allow(options: argparse.Namespace, settings: Settings) -> int:
    """Say what the hub may do."""
    wanted: list[JsonValue] = list(PERMISSIONS) if options.permissions == "all" else _split(options.permissions)
    hub = _ask(settings, "PUT", "/api/hub/policy", {"allows": wanted})
    print(f"The hub may: {', '.join(hub.allows)}.")
    return 0


def rotate_key(_options: argparse.Namespace, settings: Settings) -> int:
    """Change the key that this device shows to its hub."""
    _ask(settings, "POST", "/api/hub/rotate-key")
    print("The device has a new key. The old one is forgotten as soon as the hub knows the new one.")
    return 0


def hub_lines(hub: HubAnswer, *, picture: bool) -> list[str]:
    """How the link is, for a person; with the claim code where one is there, and its QR code on a terminal."""
    lines = [f"hub {hub.state}{f' {hub.url}' if hub.url else ''}{f': {hub.last_error}' if hub.last_error else ''}"]
    if hub.hub_changed:
        lines.append(
            "  The hub signs with another key than the one that was trusted first; if it is meant, join again."
        )
    if hub.url and hub.fingerprint:
        lines.append(f"  this device is {hub.device_id}, fingerprint {hub.fingerprint}")
    if hub.claim is not None:
        lines += claim_lines(Claim(hub.claim.code, hub.claim.url, hub.claim.expires_at), picture=picture)
    return lines


def _ask(settings: Settings, method: str, path: str, body: Mapping[str, JsonValue] | None = None) -> HubAnswer:
    return ask(settings, method, path, HubAnswer, body)


def _settled(hub: HubAnswer) -> bool:
    refused = hub.state == "off" and hub.last_error is not None
    return refused or hub.state in ("online", "waiting") or hub.claim is not None


def _print(hub: HubAnswer) -> None:
    for line in hub_lines(hub, picture=sys.stdout.isatty()):
        print(line)


def _split(what: str) -> list[JsonValue]:
    return [part for part in (piece.strip() for piece in what.split(",")) if part]


def _token() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Token of the hub: ")
    return sys.stdin.readline(_LONGEST_TOKEN + 1).rstrip("\r\n")
