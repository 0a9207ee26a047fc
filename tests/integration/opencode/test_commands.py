"""``hutch send``, ``hutch screenshot`` and the commands of VibeOS, against a whole daemon with a scripted CLI."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.device_process import DeviceProcess

ROOT = Path(__file__).parents[3]
PNG = b"\x89PNG\r\n\x1a\n"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def scripted_cli(folder: Path) -> None:
    """An ``opencode`` on the PATH whose ACP side is the scripted agent."""
    program = folder / "opencode"
    program.parent.mkdir()
    agent = f"{sys.executable} -m tests.doubles.acp_agent --state {folder}/state"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ echo 1.18.18; exit; }}\nexport PYTHONPATH={ROOT}\nexec {agent}\n'
    )
    program.chmod(0o755)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[DeviceProcess]:
    scripted_cli(tmp_path / "bin")
    port = free_port()
    process = DeviceProcess(
        tmp_path / "data",
        {
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "HUTCH_OPENCODE_LISTEN": f"127.0.0.1:{port}",
            "HUTCH_DEFAULT_CLI": "opencode",
        },
    )
    process.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIBEOS_HOST", "127.0.0.1")
        patch.setenv("VIBEOS_PORT", str(port))
        yield process
    process.close()


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)


def hutch(device: DeviceProcess, *words: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "appliance.cli.main", *words, "--data", str(device.data))


def script(name: str, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return run(str(ROOT / "scripts" / name), *words, cwd=cwd)


def test_a_message_is_sent_and_its_answer_printed(device: DeviceProcess) -> None:
    said = hutch(device, "send", "say Hello")
    assert (said.returncode, said.stdout) == (0, "Hello\n"), said.stderr
    failed = hutch(device, "send", "crash 3 no more cheese")
    assert failed.returncode == 1
    assert failed.stderr
    nowhere = hutch(device, "send", "hi", "--to", "nobody")
    assert nowhere.returncode == 1
    assert "nobody" in nowhere.stderr


def test_the_scripts_of_vibeos_talk_to_the_desktop(device: DeviceProcess, tmp_path: Path) -> None:
    assert script("vibeos-send").returncode == 2
    sent = script("vibeos-send", "say one")
    assert (sent.returncode, sent.stdout, sent.stderr) == (0, "", "")
    waited = script("vibeos-send", "--wait", "say two")
    assert (waited.returncode, waited.stdout) == (0, "two\n"), waited.stderr
    nothing = script("vibeos-screenshot", cwd=tmp_path)
    assert nothing.returncode == 1
    assert "session" in nothing.stderr
    assert hutch(device, "session", "new", "desktop").returncode == 0
    (tmp_path / "shared").mkdir()
    saved = script("vibeos-screenshot", "seen.png", cwd=tmp_path)
    assert (saved.returncode, saved.stdout) == (0, "shared/seen.png\n"), saved.stderr
    assert (tmp_path / "shared" / "seen.png").read_bytes().startswith(PNG)


def test_a_picture_of_a_session_is_saved(device: DeviceProcess, tmp_path: Path) -> None:
    assert hutch(device, "session", "new", "work").returncode == 0
    saved = hutch(device, "screenshot", "work", str(tmp_path / "work.png"))
    assert saved.returncode == 0, saved.stderr
    assert (tmp_path / "work.png").read_bytes().startswith(PNG)
    refused = hutch(device, "screenshot", "work", str(tmp_path / "no" / "work.png"))
    assert refused.returncode == 1
    assert "cannot be written" in refused.stderr


def test_an_api_for_the_whole_network_takes_a_password(tmp_path: Path) -> None:
    environ = {**os.environ, "HUTCH_OPENCODE_LISTEN": "0.0.0.0:0"}
    started = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "run", "--data", str(tmp_path), "--listen", "127.0.0.1:0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environ,
    )
    assert started.returncode == 1
    assert "opencode_password" in started.stderr
