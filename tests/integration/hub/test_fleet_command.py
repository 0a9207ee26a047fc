"""``hutch fleet`` as a person uses it: a real hub, a real device, and the command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue

from tests.device_process import DeviceProcess
from tests.hub_process import hub_process

SECONDS = 30.0
SHA256 = "0f" * 32


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


def fleet(*words: str, environ: dict[str, str], given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "appliance.cli.main", "fleet", *words]
    return subprocess.run(
        command, env=environ, input=given, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def ask(url: str, path: str, body: JsonValue = None, token: str = "") -> dict[str, JsonValue]:
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        answer: dict[str, JsonValue] = json.load(response)
        return answer


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """The device came by itself, with a token of a batch."""
    with hub_process(tmp_path / "hub") as hub:
        owner: JsonValue = {"code": hub.setup_code, "username": "ada", "password": "correct horse battery"}
        token = str(ask(hub.address, "/api/setup", owner)["access_token"])
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        batch: JsonValue = {"group_id": 1, "label": "tests", "max_uses": 1, "expires_at": until}
        secret = str(ask(hub.address, "/api/batches", batch, token)["token"])
        device = DeviceProcess(tmp_path / "device", {"HUTCH_HUB": hub.address, "HUTCH_HUB_TOKEN": secret})
        device.start()
        try:
            yield Home(hub.address, token, online(hub.address, token))
        finally:
            device.close()


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


def test_a_command_runs_far_away_and_its_exit_code_comes_back(home: Home) -> None:
    listed = home.fleet("devices")
    assert home.device_id in listed.stdout
    ran = home.fleet("run", home.device_id, "--", "echo it is $((40 + 2)); exit 3")
    assert (ran.returncode, "it is 42" in ran.stdout) == (3, True)
    started = home.fleet("session", "new", home.device_id, "notes")
    assert started.returncode == 0
    assert home.fleet("session", "end", home.device_id, started.stdout.strip()).stdout == "Ended.\n"


def test_a_rollout_is_proposed_approved_and_stopped(home: Home) -> None:
    release = ("--url", "https://hub.example/hutch.raucb", "--sha256", SHA256, "--release", "9.9.9")
    made = home.fleet("rollout", "new", "Home", *release, "--stages", "1:60,100%", "--failures", "2")
    assert made.returncode == 0, made.stderr
    rollout = made.stdout.strip()
    assert "running" in home.fleet("rollout", "approve", rollout).stdout
    assert "cancelled" in home.fleet("rollout", "cancel", rollout).stdout
    assert "9.9.9" in home.fleet("rollout", "list").stdout
    again = home.fleet("rollout", "approve", rollout)
    assert (again.returncode, "(conflict)" in again.stderr) == (1, True)


def test_the_token_is_kept_for_this_user_alone_and_forgotten_on_logout(home: Home, tmp_path: Path) -> None:
    environ = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    before = fleet("devices", environ=environ)
    assert (before.returncode, "hutch fleet login" in before.stderr) == (1, True)
    made = ask(home.url, "/api/tokens", {"label": "tests"}, home.token)
    told = fleet("login", home.url, "--token-stdin", environ=environ, given=f"{made['secret']}\n")
    assert told.stdout == f"Logged in to {home.url} as ada.\n"
    kept = tmp_path / "config" / "hutch" / "fleet.json"
    assert kept.stat().st_mode & 0o077 == 0
    assert home.device_id in fleet("devices", environ=environ).stdout
    assert fleet("logout", environ=environ).stdout == "Logged out.\n"
    assert not kept.exists()


def test_an_address_without_https_gets_no_token(tmp_path: Path) -> None:
    environ = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    refused = fleet("login", "http://hub.example.org", "--token-stdin", environ=environ, given="hutch_x\n")
    assert (refused.returncode, "https" in refused.stderr) == (1, True)
