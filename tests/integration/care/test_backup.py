"""Backup, restore and reset of real devices: what is saved comes back, and what breaks off leaves what was there."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from appliance.care.backup import write_backup
from appliance.care.contents import Manifest
from appliance.care.pending import Pending, carry_out, plan
from appliance.care.places import restored
from appliance.care.restore import check_version, stage
from appliance.config import Settings
from appliance.layout import Layout
from protocol.problems import Problem, ProblemCode
from tests.device_process import DeviceProcess

PASSPHRASE = "correct horse battery"
KEY = bytes(range(32))


def hutch(data: Path, *words: str, given: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", *words, "--data", str(data)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HUTCH_AUTHORIZED_KEYS": str(data / "ssh" / "authorized_keys")},
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def layout_of(data: Path) -> Layout:
    return Layout.of(Settings(data=data, authorized_keys=data / "ssh" / "authorized_keys"))


def people(data: Path) -> set[str]:
    with closing(sqlite3.connect(data / "hutch.db")) as store:
        return {row[0] for row in store.execute("SELECT name FROM people")}


def contents(folder: Path) -> dict[str, bytes]:
    """What a person would miss: every file of the data folder but those of the running daemon and of SQLite."""
    passing = {"lock", "console.sock", "hub.sock", "setup-code", "hutch.db-wal", "hutch.db-shm"}
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in passing and "care" not in path.relative_to(folder).parts
    }


def tmux_servers(data: Path) -> list[int]:
    """The sessions of a device that live."""
    sockets, found = str(layout_of(data).sockets), []
    for one in psutil.process_iter():
        with suppress(psutil.Error):
            if one.name() == "tmux: server" and sockets in str(one.cmdline()):
                found.append(one.pid)
    return found


@pytest.fixture(scope="session")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A device that was used: a person, a key, and two folders in the workspace."""
    folder = tmp_path_factory.mktemp("used") / "device"
    hutch(folder, "user", "add", "ada", "--role", "admin", "--password-stdin", given="a long password\n")
    for name in ("novel", "notes"):
        (folder / "workspace" / name).mkdir(parents=True)
        (folder / "workspace" / name / "one.txt").write_text(f"{name} of ada\n" * 1000)
    (folder / "workspace" / "novel" / "link").symlink_to("/etc/passwd")
    (folder / "secrets.key").write_bytes(KEY)
    return folder


@pytest.fixture
def data(used: Path, tmp_path: Path) -> Path:
    """A device to work on."""
    return Path(shutil.copytree(used, tmp_path / "device", symlinks=True))


@pytest.fixture(scope="session")
def saved(used: Path) -> Path:
    """Its backup, with one folder."""
    file = used.parent / "device.backup"
    hutch(used, "backup", str(file), "--workspaces", "novel", "--passphrase-stdin", given=PASSPHRASE + "\n")
    return file


def test_a_backup_brings_a_device_to_another_machine(data: Path, saved: Path, tmp_path: Path) -> None:
    assert saved.stat().st_mode & 0o777 == 0o600
    assert b"ada" not in saved.read_bytes()
    other = tmp_path / "other"
    hutch(other, "user", "add", "bob", "--role", "admin", "--password-stdin", given="a long password\n")
    done = hutch(other, "restore", str(saved), "--passphrase-stdin", given=PASSPHRASE + "\n")
    assert "all of it is good" in done.stderr
    assert (
        hutch(other, "restore", "-", "--passphrase-stdin", given="a passphrase\nno backup", check=False).returncode == 1
    )
    assert people(other) == {"ada"}
    assert (other / "secrets.key").read_bytes() == KEY
    assert (other / "workspace/novel/one.txt").read_text() == (data / "workspace/novel/one.txt").read_text()
    assert (other / "workspace/novel/link").readlink() == Path("/etc/passwd")
    assert not (other / "workspace/notes").exists()
    assert [path.name for path in (other / "care").iterdir()] == ["restore.lock"]


def test_a_running_device_is_saved_and_restored_at_its_next_start(data: Path, tmp_path: Path) -> None:
    device = DeviceProcess(data)
    device.start()
    try:
        file = tmp_path / "running.backup"
        hutch(data, "backup", str(file), "--passphrase-stdin", given=PASSPHRASE + "\n")
        hutch(data, "user", "add", "eve", "--password-stdin", given="a long password\n")
        done = hutch(data, "restore", str(file), "--passphrase-stdin", given=PASSPHRASE + "\n")
        assert "next start" in done.stderr
        assert people(data) == {"ada", "eve"}
        device.stop()
        device.start()
        assert people(data) == {"ada"}
    finally:
        device.close()


@pytest.mark.parametrize("given", ["another passphrase", ""])
def test_without_the_passphrase_nothing_happens(data: Path, saved: Path, given: str) -> None:
    before = contents(data)
    done = hutch(data, "restore", str(saved), "--passphrase-stdin", given=f"{given}\n", check=False)
    assert done.returncode == 1
    assert "passphrase is another one" in done.stderr
    assert contents(data) == before


def test_what_is_damaged_or_cut_short_changes_nothing(data: Path, saved: Path) -> None:
    whole, layout, before = saved.read_bytes(), layout_of(data), contents(data)
    cuts = [whole[:at] for at in (0, 7, 20, 40, len(whole) // 2, len(whole) - 1)]
    flips = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(0, len(whole), len(whole) // 23)]
    for bad in [*cuts, *flips, whole + b"more", b"\x00" * 5000]:
        with pytest.raises(Problem) as caught:
            stage(io.BytesIO(bad), layout, PASSPHRASE, lambda _: None)
        assert caught.value.code is ProblemCode.INVALID_REQUEST
        assert not restored(layout).exists()
    assert contents(data) == before


def test_what_is_newer_or_has_no_room_is_refused_first(
    data: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = layout_of(data)
    free = shutil.disk_usage(data)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free._replace(free=1024))
    with saved.open("rb") as file, pytest.raises(Problem) as caught:
        stage(file, layout, PASSPHRASE, lambda _: None)
    assert caught.value.code is ProblemCode.DISK_FULL
    assert not restored(layout).exists()
    known = Manifest.model_validate(
        {"format": 1, "hutch": "9.0.0", "name": "x", "made_at": "2030-01-01T00:00:00Z", "size": 1, "files": 1}
    )
    check_version(known)
    for newer in ({"format": 2}, {"revision": "9999"}):
        with pytest.raises(Problem, match="newer than this device"):
            check_version(known.model_copy(update=newer))


@pytest.fixture
def stopped() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def test_a_restore_that_is_killed_while_it_reads_leaves_the_device_as_it_was(
    data: Path, saved: Path, tmp_path: Path, stopped: list[subprocess.Popen[bytes]]
) -> None:
    before, pipe = contents(data), tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-m", "appliance.cli.main", "restore", str(pipe), "--passphrase-stdin", "--data", str(data)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    stopped.append(process)
    assert process.stdin is not None
    process.stdin.write(f"{PASSPHRASE}\n".encode())
    process.stdin.flush()
    with pipe.open("wb") as file:
        # More than a pipe holds: when all is written, the most of it was read.
        file.write(saved.read_bytes()[:-40])
        file.flush()
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    assert contents(data) == before
    device = DeviceProcess(data)
    device.start()
    device.close()
    assert people(data) == {"ada"}


class _Cut(BaseException):
    """The power went."""


@pytest.mark.parametrize("at", range(12))
def test_a_restore_that_is_cut_anywhere_is_gone_on_with(
    data: Path, saved: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    with closing(sqlite3.connect(data / "hutch.db")) as store, store:
        store.execute("UPDATE people SET name = 'eve'")
    layout = layout_of(data)
    with saved.open("rb") as file:
        stage(file, layout, PASSPHRASE, lambda _: None)
    plan(layout, Pending(what="restore"))
    real, left = Path.replace, [at]

    def cut(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] < 0:
            raise _Cut
        return real(self, target)

    monkeypatch.setattr(Path, "replace", cut)
    try:
        carry_out(layout)
    except _Cut:
        monkeypatch.undo()
        carry_out(layout)
    assert people(data) == {"ada"}
    assert (data / "secrets.key").read_bytes() == KEY
    assert (data / "workspace/notes/one.txt").exists()


def test_a_reset_makes_a_new_device_and_keeps_peoples_files(data: Path) -> None:
    assert hutch(data, "reset", "--name", "somebody", check=False).returncode == 1
    assert people(data) == {"ada"}
    device = DeviceProcess(data)
    device.start()
    hutch(data, "session", "new", "work")
    device.stop()
    assert tmux_servers(data)
    hutch(data, "reset", "--name", socket.gethostname())
    assert not tmux_servers(data)
    device.start()
    try:
        assert device.setup_code
        assert people(data) == set()
        assert (data / "workspace/novel/one.txt").exists()
        # With the device running: at its next start.
        hutch(data, "reset", "--name", socket.gethostname(), "--workspace")
        assert (data / "workspace/novel/one.txt").exists()
        first = device.setup_code
        device.stop()
        device.start()
        assert device.setup_code != first
        assert not list((data / "workspace").iterdir())
    finally:
        device.close()


def test_files_that_change_while_they_are_saved_do_no_harm(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    growing, out = data / "workspace/novel/one.txt", io.BytesIO()
    shrunk = data / "workspace/novel/two.txt"
    shrunk.write_bytes(b"x" * 500_000)
    real = os.fstat

    def later(descriptor: int) -> os.stat_result:
        state = real(descriptor)
        if state.st_size == 500_000:
            os.truncate(shrunk, 10)
        return state

    monkeypatch.setattr("appliance.care.backup.os.fstat", later)
    layout = layout_of(data)
    write_backup(out, layout, PASSPHRASE, settings_file=data / "none", chosen=("novel",), told=lambda _: None)
    out.seek(0)
    stage(out, layout, PASSPHRASE, lambda _: None)
    back = restored(layout) / "workspace/novel"
    assert (back / "two.txt").read_bytes() == b"x" * 10 + bytes(499_990)
    assert (back / "one.txt").read_bytes() == growing.read_bytes()
