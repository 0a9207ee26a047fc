"""A real broker: in another account where root runs the tests, in our own elsewhere."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gateway.programs.client import BrokerPrograms
from gateway.programs.own import OwnPrograms
from gateway.programs.types import User
from tests.integration.separation.accounts import (
    NOBODYS,
    ROOT,
    as_account,
    end_everything,
    environment,
    python,
    why_not,
)


@dataclass
class Street:
    """Where brokers live, one at a time."""

    folder: Path
    user: User
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        return self.folder / "broker.sock"

    @property
    def before(self) -> list[str]:
        """What is put before a command of the agents' account."""
        return as_account(self.user.uid) if os.getuid() == 0 else []

    @property
    def pid(self) -> int:
        return self.running[-1].pid

    def start(self) -> None:
        """Start a broker and wait until it listens."""
        self.socket.unlink(missing_ok=True)
        command = [str(python() or sys.executable), "-m", "appliance.cli.entry", "broker", "--socket", str(self.socket)]
        self.running.append(
            subprocess.Popen(
                [*self.before, *command, "--daemon", str(os.getuid())], env=environment(self.folder), cwd=ROOT
            )
        )
        watch = os.pidfd_open(self.pid)
        try:
            while not self.socket.exists():
                assert not select.select([watch], [], [], 0.01)[0], "the broker ended"
        finally:
            os.close(watch)

    def kill(self) -> None:
        """As a crash does."""
        self.running[-1].kill()
        self.running.pop().wait()

    def programs(self) -> BrokerPrograms:
        return BrokerPrograms(self.socket, self.user)


@pytest.fixture
def street() -> Iterator[Street]:
    if os.getuid() == 0 and (reason := why_not()) is not None:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="hutch-b-"))
    if os.getuid() == 0:
        user = User(NOBODYS + os.getpid(), "agents", folder, "/bin/sh")
        os.chown(folder, user.uid, user.uid)
    else:
        user = replace(OwnPrograms().user, home=folder)
    made = Street(folder, user)
    yield made
    for process in made.running:
        process.kill()
        process.wait()
    if os.getuid() == 0:
        end_everything(user.uid)
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture
async def programs(street: Street) -> AsyncIterator[BrokerPrograms]:
    street.start()
    made = street.programs()
    yield made
    await made.close()
