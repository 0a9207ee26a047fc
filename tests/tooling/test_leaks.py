"""The fixtures of tests/conftest.py do fail a test that leaves something behind or blocks the loop."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.tooling.tracked import ROOT

HEAD = """
import asyncio, os, subprocess, sys
from pathlib import Path
from provisioning.identity import gateway_id
"""
TIDY = """
async def test_it(tmp_path):
    task = asyncio.create_task(asyncio.to_thread(gateway_id, tmp_path))
    assert await task
    subprocess.run(["true"], check=True)
"""
TASK = """
tasks = []
async def test_it():
    tasks.append(asyncio.create_task(asyncio.Event().wait()))
    await asyncio.sleep(0)
"""
CHILD = """
started = []
def test_it():
    started.append(subprocess.Popen(["sleep", "600"]))
    print("pid", started[0].pid)
"""
ORPHAN = """
def test_it(tmp_path):
    out = subprocess.run(["sh", "-c", "setsid sleep 600 >/dev/null 2>&1 & echo $!"], cwd=tmp_path, stdout=-1, text=True)
    print("pid", out.stdout)
"""
SERVER = """
def test_it(tmp_path):
    socket = Path(f"/tmp/hutch-leak-{os.getpid()}")
    start = ["tmux", "-f", "/dev/null", "-S", str(socket), "new-session", "-d", "-P", "-F", "pid #{pid}", "sleep 600"]
    done = subprocess.run(start, cwd=tmp_path, stdout=-1, text=True, check=True)
    socket.unlink()
    print(done.stdout)
"""
BLOCKING = """
async def test_it(tmp_path):
    gateway_id(tmp_path)
"""


@dataclass(frozen=True)
class Run:
    """How pytest ended, and what the test of it printed."""

    code: int
    text: str

    @property
    def pids(self) -> list[int]:
        return [int(pid) for pid in re.findall(r"^pid (\d+)", self.text, re.MULTILINE)]


def run(folder: Path, source: str) -> Run:
    """Run one test file under the fixtures every test gets, in a process of its own."""
    folder.mkdir(exist_ok=True)
    (folder / "test_one.py").write_text(HEAD + source)
    words: list[str | Path] = [
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        folder,
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
    ]
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pytest",
        *words,
        "-rA",
        "--basetemp",
        folder / "base",
        folder / "test_one.py",
    ]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(
        command, cwd=ROOT, env={**environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    return Run(done.returncode, done.stdout + done.stderr)


def test_a_tidy_test_passes(tmp_path: Path) -> None:
    done = run(tmp_path / "run", TIDY)
    assert done.code == 0, done.text


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        pytest.param(TASK, "the test left tasks behind", id="task"),
        pytest.param(CHILD, "the test left processes behind", id="child"),
        pytest.param(ORPHAN, "the test left processes behind", id="orphan"),
        pytest.param(SERVER, "the test left processes behind", id="tmux server"),
        pytest.param(BLOCKING, "BlockingError", id="blocking call"),
    ],
)
def test_an_untidy_test_fails(tmp_path: Path, source: str, complaint: str) -> None:
    done = run(tmp_path / "run", source)
    assert done.code == 1, done.text
    assert complaint in done.text
    assert bool(done.pids) == ("pid" in source)
    assert [pid for pid in done.pids if psutil.pid_exists(pid)] == []


def test_a_leak_is_only_ours_when_it_is(tmp_path: Path) -> None:
    """What somebody else starts meanwhile on the machine does not fail a test."""
    elsewhere = shutil.which("sleep")
    assert elsewhere
    source = f"""
def test_it(tmp_path):
    words = ["sh", "-c", "setsid {elsewhere} 600 >/dev/null 2>&1 & echo $!"]
    out = subprocess.run(words, cwd="/", env={{"PATH": os.environ["PATH"]}}, stdout=-1, text=True)
    print("pid", out.stdout)
"""
    done = run(tmp_path / "run", source)
    for pid in done.pids:
        psutil.Process(pid).kill()
    assert done.pids
    assert done.code == 0, done.text


def test_every_test_has_a_home_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert Path.home().is_relative_to(tmp_path_factory.getbasetemp())
    assert os.environ["HUTCH_SHELL"] == "/bin/sh"
