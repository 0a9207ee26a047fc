"""A factory reset from the request to the new device, with root's program where it lies and a machine that restarts."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from dbus_fast.message import Message

from tests.device_process import DeviceProcess
from tests.integration.care.test_factory_reset import PROGRAM
from tests.integration.updates.machine import Machine
from tests.integration.updates.signing import Authority

MOUNTED = 'mount --bind "$0" /var/lib && exec "$@"'
NAME = socket.gethostname()


def in_its_place(lib: Path) -> list[str]:
    """What is put before a command, so that a folder of ours is its ``/var/lib``."""
    return ["unshare", "--mount", "sh", "-c", MOUNTED, str(lib)]


@pytest.fixture
def place() -> Iterator[Path]:
    """A short path: sockets lie in it."""
    if subprocess.run([*in_its_place(Path("/mnt")), "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("only root that may mount can give a program another /var/lib")
    made = Path(tempfile.mkdtemp(prefix="hutch-reset-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
async def machine(place: Path) -> AsyncIterator[Machine]:
    """A bus with a logind on it."""
    made = Machine(place / "machine", Authority(place / "keys", "trusted").certificate)
    async with made.running():
        yield made


class Inside(DeviceProcess):
    """A device in /var/lib/hutch, which is ``lib/hutch`` from here."""

    def __init__(self, lib: Path, environ: dict[str, str]) -> None:
        super().__init__(Path("/var/lib/hutch"), environ, in_its_place(lib))
        self.outside = lib / "hutch"

    async def call(self, method: str, path: str, body: object = None) -> int:
        """Ask over the console's socket, as the machine's root."""
        connector = aiohttp.UnixConnector(path=str(self.outside / "console.sock"))
        async with (
            aiohttp.ClientSession(connector=connector) as client,
            client.request(method, f"http://localhost{path}", json=body) as answer,
        ):
            return answer.status


def restart(lib: Path, place: Path) -> None:
    """What the machine does at its next start, before the daemon runs."""
    root = place / "root"
    for folder in ("etc/hutch", "var/log", "var/tmp"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "etc/passwd").write_text("hutch:x:0:0::/var/lib/hutch:/bin/sh\n")
    (root / "var/lib").symlink_to(lib)
    subprocess.run([str(PROGRAM)], env={**os.environ, "HUTCH_RESET_ROOT": str(root)}, check=True)


async def test_from_the_request_to_a_new_device(place: Path, machine: Machine) -> None:
    lib = place / "lib"
    lib.mkdir()
    environ = {
        "HUTCH_FACTORY_RESET": str(PROGRAM),
        "HUTCH_SHELL": "/bin/sh",
        "DBUS_SYSTEM_BUS_ADDRESS": machine.address,
        "HUTCH_AUTHORIZED_KEYS": str(place / "authorized_keys"),
    }
    one = Inside(lib, environ)
    try:
        await asyncio.to_thread(one.start)
        first, marker = one.setup_code, one.outside / "factory-reset-wanted"
        (one.outside / "workspace" / "novel").mkdir()
        assert await one.call("POST", "/api/care/reset", {"name": "somebody"}) == 400
        assert await one.call("POST", "/api/care/reset", {"name": NAME, "workspace": True}) == 202
        assert (machine.logind.reboots, marker.read_text()) == (1, "workspace\n")
        await asyncio.to_thread(one.stop)
        await asyncio.to_thread(restart, lib, place)
        assert not marker.exists()
        await asyncio.to_thread(one.start)
        assert one.setup_code not in {None, first}
        assert not list((one.outside / "workspace").iterdir())
    finally:
        await asyncio.to_thread(one.close)


async def test_no_restart_no_reset(place: Path, machine: Machine) -> None:
    lib = place / "lib"
    lib.mkdir()
    machine.logind.answers = lambda message: (
        Message.new_error(message, "org.freedesktop.DBus.Error.AccessDenied", "not now")
        if message.member == "Reboot"
        else None
    )
    environ = {**os.environ, "HUTCH_FACTORY_RESET": str(PROGRAM), "DBUS_SYSTEM_BUS_ADDRESS": machine.address}
    one = Inside(lib, environ)
    try:
        await asyncio.to_thread(one.start)
        assert await one.call("POST", "/api/care/reset", {"name": NAME}) == 503
        assert not (one.outside / "factory-reset-wanted").exists()
        assert await one.call("GET", "/api/care") == 200
        command = [*in_its_place(lib), sys.executable, "-m", "appliance.cli.main", "reset", "--name", NAME]
        done = await asyncio.to_thread(
            subprocess.run, command, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "The machine does not restart: not now." in done.stderr
        assert not (one.outside / "factory-reset-wanted").exists()
    finally:
        await asyncio.to_thread(one.close)
