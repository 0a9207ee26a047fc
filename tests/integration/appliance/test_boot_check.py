"""``hutch boot-check`` on a real device: what it finds, and what becomes of one that is not well."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.checks import store
from appliance.checks.hub import wait_for_hub
from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout
from appliance.updates.state import Record, StateFiles, Trial, boot_id
from appliance.updates.verdict import VerdictFile, read_verdict
from appliance.version import VERSION
from gateway.updates.types import UpdatePhase
from tests.device_process import DeviceProcess


@pytest.fixture
def device(tmp_path: Path) -> Iterator[DeviceProcess]:
    device = DeviceProcess(tmp_path / "data")
    device.start()
    try:
        yield device
    finally:
        device.close()


def boot_check(device: DeviceProcess, file: Path, listen: str | None = None) -> tuple[int, VerdictFile]:
    command = [sys.executable, "-m", "appliance.cli.main", "boot-check", "--json", str(file), "--data"]
    listen = listen or device.url.removeprefix("http://")
    ran = subprocess.run(
        [*command, str(device.data), "--listen", listen],
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ},
        check=False,
    )
    verdict = read_verdict(file)
    assert verdict is not None, ran.stdout + ran.stderr
    assert verdict.boot_id == boot_id()
    return ran.returncode, verdict


def found(verdict: VerdictFile, name: str) -> tuple[str, str]:
    (check,) = [check for check in verdict.checks if check.name == name]
    return check.verdict, check.text


def test_a_device_that_is_well_passes_and_is_left_as_it_was(device: DeviceProcess, tmp_path: Path) -> None:
    code, verdict = boot_check(device, tmp_path / "verdict.json")
    assert (code, verdict.ok, verdict.version) == (0, True, VERSION)
    assert found(verdict, "page") == ("ok", f"answers at {device.url}")
    assert found(verdict, "sessions") == ("ok", "a session starts and ends")
    assert found(verdict, "store")[0] == "ok"
    assert found(verdict, "hub") == ("skip", "no update is being tried")
    sessions = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "session", "list", "--json", "--data", str(device.data)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(sessions.stdout) == {"sessions": []}


def test_a_hub_that_was_reached_before_and_is_gone_is_a_failure(device: DeviceProcess, tmp_path: Path) -> None:
    trial = Trial(
        version=VERSION, from_version="0.0.1", installed_at=datetime.now(UTC), boot_id="before", hub_online=True
    )
    files = StateFiles(device.data / "updates")
    files.write(Record(phase=UpdatePhase.TRYING, version=VERSION, trial=trial))
    # Left by a person: no failure.
    assert found(boot_check(device, tmp_path / "left.json")[1], "hub") == ("ok", "was left")
    files.write(Record(phase=UpdatePhase.TRYING, version=VERSION, trial=trial.model_copy(update={"hub_online": False})))
    assert found(boot_check(device, tmp_path / "never.json")[1], "hub")[0] == "skip"


def test_a_page_that_does_not_answer_fails_the_start(device: DeviceProcess, tmp_path: Path) -> None:
    device.stop()
    code, verdict = boot_check(device, tmp_path / "verdict.json")
    assert code == 1
    assert not verdict.ok
    assert found(verdict, "page")[0] == "fail"
    assert "does not answer at http://127.0.0.1" in verdict.words()
    assert found(verdict, "sessions")[0] == "fail"


def test_a_hub_that_is_not_reached_any_more_fails(tmp_path: Path) -> None:
    device = DeviceProcess(tmp_path / "data", {"HUTCH_HUB": "ws://127.0.0.1:9"})
    device.start()
    try:
        finding = wait_for_hub(Settings(data=device.data), 2.0)
    finally:
        device.close()
    assert finding.verdict is Verdict.FAIL
    assert finding.text.startswith("The hub was reached before the update, and is not any more: ")


def test_a_store_that_is_damaged_or_behind_fails_the_start(device: DeviceProcess) -> None:
    device.stop()
    settings = Settings(data=device.data)
    layout = Layout.of(settings)
    assert store.check_after_start(settings, layout).verdict is Verdict.OK
    with sqlite3.connect(layout.data / "hutch.db") as connection:
        connection.execute("DELETE FROM alembic_version")
    connection.close()
    behind = store.check_after_start(settings, layout)
    assert behind == Finding(Verdict.FAIL, "The store was not brought to this version. See the daemon's log.")
    assert store.check(settings, layout).verdict is Verdict.WARN
    for name in ("hutch.db-wal", "hutch.db-shm"):
        (layout.data / name).unlink(missing_ok=True)
    (layout.data / "hutch.db").write_bytes(b"no database" * 1000)
    damaged = store.check_after_start(settings, layout)
    assert damaged.verdict is Verdict.FAIL
    assert "damaged" in damaged.text
    (layout.data / "hutch.db").unlink()
    assert store.check_after_start(settings, layout).verdict is Verdict.FAIL
    assert store.check(settings, layout).verdict is Verdict.OK
