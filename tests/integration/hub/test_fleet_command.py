"""``hutch fleet`` as a person uses it: a real hub, a real device, and the command in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_process import hub_process
from tests.integration.hub.owned import Home, ask, fleet, owned

SHA256 = "0f" * 32


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A hub of one process and its device, the same for all: each test leaves them as they were."""
    folder = tmp_path_factory.mktemp("home")
    with hub_process(folder / "hub") as hub, owned(hub, folder / "device") as home:
        yield home


def test_a_command_runs_far_away_and_its_exit_code_comes_back(home: Home) -> None:
    listed = home.fleet("devices")
    assert home.device_id in listed.stdout
    ran = home.fleet("run", home.device_id, "--", "echo it is $((40 + 2)); exit 3")
    assert (ran.returncode, ran.stdout) == (3, "it is 42\n")
    wrong = home.fleet("run", home.device_id, "--", "echo 'it is")
    assert (wrong.returncode, "yntax error" in wrong.stdout) == (2, True)
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
