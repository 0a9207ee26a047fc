"""A real device: ``hutch run`` in a process of its own, on a free port of loopback."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import psutil

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


class DeviceProcess:
    """Starts, stops, kills and restarts one device; ``url`` stays the same over a restart."""

    def __init__(self, data: Path, environ: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.url = ""
        self.setup_code: str | None = None
        self._environ = {
            **os.environ,
            "HUTCH_AUTHORIZED_KEYS": str(data / "ssh" / "authorized_keys"),
            "HUTCH_LOG_FORMAT": "json",
            **(environ or {}),
        }
        self._listen = "127.0.0.1:0"
        self._process: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []
        self.logged: list[str] = []

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the daemon and wait until its page is open."""
        command = [sys.executable, "-m", "appliance.cli.main", "run"]
        self._process = subprocess.Popen(
            [*command, "--data", str(self.data), "--listen", self._listen],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environ,
            start_new_session=True,
        )
        lines: queue.Queue[str | None] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream in (self._process.stdout, self._process.stderr)
        ]
        for reader in self._readers:
            reader.start()
        self._wait_open(lines)

    def stop(self) -> int:
        """Stop it as systemd does; the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it as a crash does."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Stop the daemon if it runs, and every tmux server it left, as a test must."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        for process in psutil.process_iter(["name", "cmdline"]):
            words = process.info["cmdline"] or []
            if (process.info["name"] or "").startswith("tmux") and any(str(self.data) in word for word in words):
                for child in process.children(recursive=True):
                    child.kill()
                process.kill()

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(_STOP_SECONDS)
        for reader in self._readers:
            reader.join(_STOP_SECONDS)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()
        return code

    def _read(self, stream: IO[str] | None, lines: queue.Queue[str | None]) -> None:
        assert stream is not None
        for line in stream:
            self.logged.append(line)
            lines.put(line)
        lines.put(None)

    def _wait_open(self, lines: queue.Queue[str | None]) -> None:
        ended = 0
        opened = False
        while not (opened and (self.setup_code or (self.data / "setup-code").exists() is False)):
            line = lines.get(timeout=_START_SECONDS)
            if line is None:
                ended += 1
                assert ended < 2, "the device ended:\n" + "".join(self.logged)
                continue
            if found := re.search(r"setup code ([A-Z0-9-]+)", line):
                self.setup_code = found[1]
            if line.startswith("{") and json.loads(line).get("event") == "the device page is open":
                self.url = json.loads(line)["address"]
                self._listen = self.url.removeprefix("http://")
                opened = True
