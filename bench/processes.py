"""Servers that a measurement starts, and what they cost the machine."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil

PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)
START_SECONDS = 60.0
STOP_SECONDS = 8.0


class PeerFailed(Exception):
    """A peer could not be started or driven; the message is shown in the table."""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def clean_environment() -> dict[str, str]:
    """Our environment without what would change another interpreter: its path, its caches, its checks."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


class Server:
    """A program in a process group of its own, its output in a log file; ended by its own id."""

    def __init__(self, command: Sequence[str | Path], folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.log = folder / "server.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**clean_environment(), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.process = psutil.Process(self._process.pid)

    async def wait_for_port(self, port: int) -> None:
        """Return once something listens on 127.0.0.1:port; a server that ends before that is a failure."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if self._process.poll() is not None:
                raise PeerFailed(f"ended with {self._process.returncode} at its start: {self.last_line()}")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return
        raise PeerFailed(f"did not listen within {START_SECONDS:.0f} s: {self.last_line()}")

    def last_line(self) -> str:
        """The last line of the log, for a reason in the table."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:120] if lines else "no output"

    def stop(self) -> None:
        """TERM to the server, KILL to what is left of its group."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def family(process: psutil.Process) -> list[psutil.Process]:
    """A process and everything below it that still runs."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def pss_mib(processes: Iterable[psutil.Process]) -> float:
    """Proportional set size of the processes together, in MiB; those that ended count as nothing."""
    total = 0
    for process in processes:
        try:
            text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        except OSError:
            continue
        found = PSS.search(text)
        total += int(found[1]) if found else 0
    return total / 1024


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """User and system time the processes have used so far."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


class PeakMemory:
    """Samples the memory of processes from a thread while the block runs."""

    def __init__(self, processes: Callable[[], list[psutil.Process]], every: float = 0.1) -> None:
        self._processes = processes
        self._every = every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.start = 0.0
        self.peak = 0.0

    @property
    def growth(self) -> float:
        """MiB by which the processes were larger at their peak than at the start of the block."""
        return self.peak - self.start

    def __enter__(self) -> Self:
        self.start = self.peak = pss_mib(self._processes())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.peak = max(self.peak, pss_mib(self._processes()))

    def _sample(self) -> None:
        while not self._done.wait(self._every):
            self.peak = max(self.peak, pss_mib(self._processes()))
