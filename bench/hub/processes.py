"""Programs of a bench: started, spoken to in lines, measured, ended."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tests.load.worker import Spec

Found = dict[str, float | None]
_END_SECONDS = 10.0
_NATS_CONFIG = 'listen: 127.0.0.1:{port}\nmax_connections: 100000\nmax_pending: 536870912\nwrite_deadline: "20s"\n'


class Program:
    """A child process that answers each line with a line of JSON."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a program of the bench has no pipes")
        self._process, self._input, self._output = process, process.stdin, process.stdout
        self.pid = process.pid

    def read(self) -> Found:
        """The next line. Raises RuntimeError when the program ended instead."""
        line = self._output.readline()
        if not line:
            raise RuntimeError(f"a program of the bench ended with {self._process.wait()}")
        found: Found = json.loads(line)
        return found

    def say(self, line: str) -> None:
        """Give it a line."""
        self._input.write(line + "\n")
        self._input.flush()

    def ask(self, line: str) -> Found:
        """Give it a line, and read the answer."""
        self.say(line)
        return self.read()

    def close(self) -> None:
        """End it."""
        self._input.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()


@dataclass(frozen=True, slots=True)
class Server:
    """What is measured."""

    kind: str
    port: int
    pid: int
    program: Program | None
    """None for nats-server and the whole hub, which take no jobs."""
    token: str = ""
    """Of somebody who owns the devices of a whole hub."""

    def ask(self, job: str) -> Found:
        """Give it a job. Raises RuntimeError for nats-server."""
        if self.program is None:
            raise RuntimeError("nats-server takes no jobs")
        return self.program.ask(job)

    def cpu(self) -> float:
        """Seconds of CPU that it has used."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Bytes of its own memory."""
        return int(psutil.Process(self.pid).memory_info().rss)


@contextmanager
def serving(kind: str) -> Iterator[Server]:
    """A server of this kind, on a free port."""
    if kind == "nats":
        with _nats() as server:
            yield server
        return
    program = Program("bench.hub.server", kind)
    try:
        yield Server(kind, int(program.read()["port"] or 0), program.pid, program)
    finally:
        program.close()


@contextmanager
def _nats() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "nats.conf"
        config.write_text(_NATS_CONFIG.format(port=port))
        path = shutil.which("nats-server") or "/usr/sbin/nats-server"
        process = subprocess.Popen([path, "-c", str(config)], stderr=subprocess.DEVNULL)
        try:
            _wait_listening(port)
            yield Server("nats", port, process.pid, None)
        finally:
            process.terminate()
            process.wait(_END_SECONDS)


def _wait_listening(port: int) -> None:
    end = time.monotonic() + _END_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def clients(*specs: Spec) -> Iterator[list[Program]]:
    """Workers that have connected everything; started one after the other, for viewers need their devices."""
    with ExitStack() as stack:
        programs = []
        for spec in specs:
            program = Program("tests.load.worker", json.dumps(asdict(spec)))
            stack.callback(program.close)
            program.read()
            programs.append(program)
        yield programs
