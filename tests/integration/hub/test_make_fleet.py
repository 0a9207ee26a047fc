"""``make fleet`` as somebody starts it who wants to see what Hutch is: a hub and three devices, claimed and online."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from pydantic import BaseModel

from tests.integration.hub.owned import ask

PORTS = 4
"""One for the hub, and one for each device."""
STOP_SECONDS = 30
_READY = re.compile(r"The hub is at (\S+)\. Log in as (\S+) with the password (\S+)")


class _Login(BaseModel):
    access_token: str


class _Device(BaseModel):
    online: bool


class _Devices(BaseModel):
    devices: list[_Device]


def test_it_shows_three_devices_that_are_online_and_stops(tmp_path: Path) -> None:
    with _fleet(tmp_path, _free_ports()) as process:
        url, name, password = _ready(process.stdout)
        login = _Login.model_validate(ask(url, "/api/auth/login", {"username": name, "password": password}))
        listed = _Devices.model_validate(ask(url, "/api/devices", None, login.access_token))
        assert [device.online for device in listed.devices] == [True] * 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0


def test_a_port_that_is_taken_is_told_before_anything_is_made(tmp_path: Path) -> None:
    port = _free_ports()
    with socket.create_server(("127.0.0.1", port + 2)), _fleet(tmp_path, port) as process:
        assert process.wait(STOP_SECONDS) == 1
        said = process.stdout.read() if process.stdout else ""
    assert f"port {port + 2} cannot be used" in said
    assert not [*tmp_path.joinpath("fleet").iterdir()]


@contextmanager
def _fleet(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    where = ["--data", str(folder / "fleet"), "--port", str(port)]
    command = [sys.executable, "-m", "tools.fleet", "--no-browser", *where]
    environment = {**os.environ, "HUTCH_OPENCODE_LISTEN": "off"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)
        if process.stdout is not None:
            process.stdout.close()


def _ready(output: IO[str] | None) -> tuple[str, str, str]:
    """The hub's address, the name and the password that it tells."""
    assert output is not None
    said = []
    for line in output:
        said.append(line)
        found = _READY.search(line)
        if found is not None:
            return found[1], found[2], found[3]
    raise AssertionError("it ended:\n" + "".join(said))


def _free_ports() -> int:
    """The first of some ports in a row that are free; below those that the kernel gives out by itself."""
    while True:
        first = random.randrange(20_000, 30_000)  # noqa: S311 - a place to look, no secret
        with ExitStack() as stack:
            try:
                for port in range(first, first + PORTS):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first
