"""A hub process that somebody owns, with a device that came by itself, and ``hutch fleet`` asking it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import JsonValue

from tests.device_process import DeviceProcess
from tests.hub_process import HubProcess

SECONDS = 30.0


@dataclass(frozen=True)
class Home:
    """A hub with one device, and somebody who owns both."""

    url: str
    token: str
    device_id: str

    def fleet(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``hutch fleet …`` with the token in its environment."""
        environ = {**os.environ, "HUTCH_FLEET_URL": self.url, "HUTCH_FLEET_TOKEN": self.token}
        return fleet(*words, environ=environ)


@contextmanager
def owned(hub: HubProcess, folder: Path, *, through: HubProcess | None = None) -> Iterator[Home]:
    """Make the hub somebody's, and bring a device with a token of a batch. ``through``: the node that is asked."""
    asked = through or hub
    owner: JsonValue = {"code": hub.setup_code, "username": "ada", "password": "correct horse battery"}
    token = str(ask(hub.address, "/api/setup", owner)["access_token"])
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    batch: JsonValue = {"group_id": 1, "label": "tests", "max_uses": 1, "expires_at": until}
    secret = str(ask(asked.address, "/api/batches", batch, token)["token"])
    device = DeviceProcess(folder, {"HUTCH_HUB": hub.address, "HUTCH_HUB_TOKEN": secret}, prepared=True)
    device.start()
    try:
        yield Home(asked.address, token, online(asked.address, token))
    finally:
        device.close()


def fleet(*words: str, environ: dict[str, str], given: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``hutch fleet …``."""
    command = [sys.executable, "-m", "appliance.cli.main", "fleet", *words]
    return subprocess.run(
        command, env=environ, input=given, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def ask(url: str, path: str, body: JsonValue = None, token: str = "") -> dict[str, JsonValue]:
    """Ask the hub's API; a body makes it a POST."""
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        answer: dict[str, JsonValue] = json.load(response)
        return answer


def online(url: str, token: str) -> str:
    """The id of the first device, once it is online; the hub tells nobody who is not subscribed, so it is asked."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        devices = ask(url, "/api/devices?state=online", token=token)["devices"]
        if isinstance(devices, list) and devices:
            first = devices[0]
            assert isinstance(first, dict)
            return str(first["id"])
    raise AssertionError("no device came online")
