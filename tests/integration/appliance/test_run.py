"""The real daemon in its own process, as a person starts and stops it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from appliance.version import VERSION
from foundation.web.openapi import describe
from tests.device_process import DeviceProcess
from webui.describe import about
from webui.routes import ROUTES


@pytest.fixture
def device(tmp_path: Path) -> Iterator[DeviceProcess]:
    process = DeviceProcess(tmp_path / "data")
    process.start()
    yield process
    process.close()


def hutch(device: DeviceProcess, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", *words, "--data", str(device.data)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def health(device: DeviceProcess) -> dict[str, object]:
    with urllib.request.urlopen(f"{device.url}/health", timeout=10) as answer:
        body: dict[str, object] = json.load(answer)
    return body


def test_it_starts_answers_and_stops_within_five_seconds(device: DeviceProcess) -> None:
    assert health(device)["status"] in ("healthy", "degraded")
    assert device.setup_code is not None
    begun = time.monotonic()
    assert device.stop() == 0
    assert time.monotonic() - begun < 5


def test_it_runs_lean_and_describes_its_api_all_the_same(tmp_path: Path) -> None:
    device = DeviceProcess(tmp_path / "data", {"PYTHONDONTWRITEBYTECODE": ""})
    try:
        device.start()
        assert "-OO" in psutil.Process(device.pid).cmdline()
        hutch(device, "user", "add", "anna", "--role", "viewer", "--password-stdin", stdin="correct horse battery\n")
        body = json.dumps({"username": "anna", "password": "correct horse battery"}).encode()
        login = urllib.request.Request(f"{device.url}/api/auth/login", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(login, timeout=30) as answer:
            bearer = {"Authorization": f"Bearer {json.load(answer)['access_token']}"}
        asked = urllib.request.Request(f"{device.url}/api/openapi.json", headers=bearer)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert json.load(answer) == describe(ROUTES, about(VERSION))
    finally:
        device.close()


def test_the_setup_code_is_not_in_the_log(device: DeviceProcess) -> None:
    assert device.setup_code is not None
    log = [line for line in device.logged if line.startswith("{")]
    assert log
    assert not [line for line in log if device.setup_code in line]


def test_a_second_daemon_on_the_same_folder_is_refused(device: DeviceProcess) -> None:
    second = hutch(device, "run", "--listen", "127.0.0.1:0")
    assert second.returncode == 1
    assert "already runs" in second.stderr


def test_a_taken_port_is_told(device: DeviceProcess, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "appliance.cli.main", "run", "--data", str(tmp_path / "other")]
    second = subprocess.run(
        [*command, "--listen", device.url.removeprefix("http://")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert "cannot be listened on" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_taken_port_of_the_opencode_api_says_which_setting_is_its(device: DeviceProcess, tmp_path: Path) -> None:
    taken = device.url.removeprefix("http://")
    second = DeviceProcess(tmp_path / "other", {"HUTCH_OPENCODE_LISTEN": taken}, prepared=True)
    try:
        second.start()
        second.until_logged("choose another with opencode_listen")
    finally:
        second.close()


def test_people_are_added_while_it_runs_and_setup_is_over(device: DeviceProcess) -> None:
    added = hutch(device, "user", "add", "anna", "--role", "admin", "--password-stdin", stdin="correct horse battery\n")
    assert added.returncode == 0, added.stderr
    body = json.dumps({"username": "anna", "password": "correct horse battery"}).encode()
    request = urllib.request.Request(
        f"{device.url}/api/auth/login", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        login = json.load(answer)
    assert login["token_type"] == "bearer"
    assert login["access_token"]
    assert "HttpOnly" in answer.headers["Set-Cookie"]


def test_sessions_from_the_command_line_outlive_a_crash(device: DeviceProcess) -> None:
    new = hutch(device, "session", "new", "first")
    assert new.returncode == 0, new.stderr
    session = new.stdout.strip()
    device.kill()
    device.start()
    listed = json.loads(hutch(device, "session", "list", "--json").stdout)["sessions"]
    assert [(one["id"], one["name"]) for one in listed] == [(session, "first")]
    assert listed[0]["status"] not in ("ended", "failed")
    ended = hutch(device, "session", "end", "first")
    assert ended.returncode == 0, ended.stderr
    assert "no live session" in hutch(device, "session", "end", "first").stderr


def test_status_tells_how_the_device_is(device: DeviceProcess) -> None:
    answer = hutch(device, "status")
    assert "Hutch" in answer.stdout, answer.stderr
    assert "hub off" in answer.stdout


def test_doctor_finds_a_missing_tmux(device: DeviceProcess, tmp_path: Path) -> None:
    assert hutch(device, "doctor").returncode == 0
    empty = tmp_path / "bin"
    empty.mkdir()
    answer = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "doctor", "--data", str(device.data)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": str(empty)},
        check=False,
    )
    assert answer.returncode == 1
    assert "apt install tmux" in answer.stdout
