"""A hub as people start it: the ``hutch hub`` command in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.stores import hub_file_in

_ADDRESS = re.compile(r'"address": "([^"]+)"')
_CODE = re.compile(r"setup code (\w{4}-\w{4})")
_STOP_SECONDS = 20
_DATABASE = "HUTCH_HUB_DATABASE_URL"


@dataclass
class HubProcess:
    """A running hub. Every method blocks."""

    process: subprocess.Popen[str]
    address: str
    setup_code: str | None
    """None where somebody has set it up already."""
    logged: list[str] = field(default_factory=list)
    """Every line of its log so far."""

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL: what a power cut leaves of it."""
        self.process.kill()
        self.process.wait(_STOP_SECONDS)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOP_SECONDS)


def command(*arguments: str, data: Path) -> list[str]:
    """The command line of ``hutch hub …``."""
    return [sys.executable, "-m", "appliance.cli.main", "hub", *arguments, "--data", str(data)]


@contextmanager
def hub_process(
    data: Path,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    inside: Sequence[str] = (),
    very_first: bool = False,
) -> Iterator[HubProcess]:
    """Start a hub on a free port and wait until it is ready; killed on the way out if it still runs.

    ``inside``: words before the command line, of a program that becomes the hub (``exec``) in surroundings of its own.
    ``very_first``: it makes its folder and its store itself; else it finds an empty store there, which is quicker.
    """
    if not (very_first or inside or data.exists() or _DATABASE in (environ or {})):
        data.mkdir(mode=0o700, parents=True)
        hub_file_in(data)
    process = subprocess.Popen(
        [*inside, *command("--listen", "127.0.0.1:0", *arguments, data=data)],
        env={**os.environ, "HUTCH_HUB_LOG_FORMAT": "json", **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _when_ready(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(_STOP_SECONDS)


def _drain(stream: IO[str], said: list[str]) -> None:
    with stream:
        said.extend(stream)


def _when_ready(process: subprocess.Popen[str]) -> HubProcess:
    said: list[str] = []
    address: str | None = None
    code: str | None = None
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if found := _ADDRESS.search(line):
            address = found[1]
        if found := _CODE.search(line):
            code = found[1]
        if "the hub is ready" in line and address is not None:
            # A hub whose log nobody reads would stand still once the pipe is full.
            threading.Thread(target=_drain, args=(process.stdout, said), daemon=True).start()
            return HubProcess(process, address, code, said)
    raise AssertionError(f"the hub did not start: {''.join(said)}")
