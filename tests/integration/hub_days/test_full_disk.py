"""The disk of a hub is full: it says so, keeps what it accepted, and goes on when there is room again."""

from __future__ import annotations

import asyncio
import errno
import os
import shlex
import subprocess
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Final

import pytest

from protocol.commands import SessionInput
from protocol.problems import ProblemCode
from tests.integration.hub_days.town import Json, Town, town

TYPING: Json = {"type": "session.input", "session_id": "s-1", "data": "MQ=="}
MIB: Final = 2**20
DISK: Final = 24 * MIB


def on_a_small_disk(folder: Path) -> Sequence[str]:
    """Words that give a program a file system of its own at ``folder``, unseen by others and gone with it."""
    mount = f'mount -t tmpfs -o size={DISK},mode=0700 hutch-tests {shlex.quote(str(folder))} && exec "$0" "$@"'
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return ("unshare", *user, "--mount", "--propagation", "private", "sh", "-c", mount)


@pytest.fixture
def small_disk(tmp_path: Path) -> Sequence[str]:
    folder = tmp_path / "disk"
    folder.mkdir()
    inside = on_a_small_disk(folder)
    tried = subprocess.run([*inside, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no file system of its own may be mounted here: {tried.stderr.strip()}")
    return inside


class Filler:
    """Fills the disk to the last byte, seen through the hub's own root."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._file = Path(f"/proc/{pid}/root{folder}/filler")

    def fill(self) -> None:
        with self._file.open("ab", buffering=0) as file:
            for size in (MIB, 4096, 1):
                with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
                    _write_for_ever(file, bytes(size))

    def clear(self) -> None:
        self._file.unlink()


def _write_for_ever(file: FileIO, data: bytes) -> None:
    while True:
        file.write(data)


async def until_full(town: Town) -> int:
    """Queue commands until one is refused; how many were accepted."""
    for accepted in range(200):
        answer = await town.queue("garden-1", TYPING)
        if answer.status != 202:
            assert (answer.status, answer.code) == (507, ProblemCode.DISK_FULL), answer
            return accepted
    raise AssertionError("the disk is full and the hub accepts all the same")


async def test_a_hub_outlives_a_full_disk(small_disk: Sequence[str], tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    async with town(folder / "hub", inside=small_disk) as full:
        filler = Filler(full.hub.process.pid, folder)
        gateway, there = await full.gateway("garden-1"), await full.gateway("garden-2")
        async with there.running():
            await full.online("garden-2")
            assert (await full.queue("garden-1", TYPING)).status == 202
            await asyncio.to_thread(filler.fill)
            accepted = 1 + await until_full(full)
            # Reading goes on, and so does everything that needs no disk.
            assert (await full.ask("GET", "/api/devices")).status == 200
            assert (await full.page("/"))[0] == 200
            listed = await full.ask("GET", "/api/devices/garden-1/commands?limit=200")
            assert len(listed.list("commands")) >= accepted
            async with gateway.running():
                await gateway.until(lambda: gateway.connections > 0 or gateway.refusals > 1)
                await asyncio.to_thread(filler.clear)
                states = await full.settled("garden-1")
            assert (await full.queue("garden-1", TYPING)).status == 202
            assert (full.hub.alive, there.connections) == (True, 1)
        assert set(states) == {"acked"}
        assert len(gateway.heard(SessionInput)) == len(states) >= accepted
        assert not [line for line in full.hub.logged if "Traceback" in line]
