"""A real device: ``hutch run`` in a process of its own, on a free port of loopback."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from appliance.config import Settings
from appliance.layout import Layout
from tests.stores import device_file_in

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


class DeviceProcess:
    """Starts, stops, kills and restarts one device; ``url`` stays the same over a restart.

    ``inside``: words before the command line, of a program that becomes the device (``exec``) in other surroundings;
    ``python``: an interpreter that it may run there; ``prepared``: it finds an empty store in its folder, which is
    quicker than to make one.
    """

    def __init__(
        self,
        data: Path,
        environ: Mapping[str, str] | None = None,
        inside: Sequence[str] = (),
        python: str = sys.executable,
        *,
        prepared: bool = False,
    ) -> None:
        self.data = data
        self.url = ""
        self.setup_code: str | None = None
        self._environ = {
            **os.environ,
            "HUTCH_AUTHORIZED_KEYS": str(data / "ssh" / "authorized_keys"),
            "HUTCH_LOG_FORMAT": "json",
            **(environ or {}),
        }
        self._inside = inside
        self._python = python
        self._prepared = prepared
        self._listen = "127.0.0.1:0"
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.logged: list[str] = []

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the daemon and wait until it is ready."""
        if self._prepared and not self.data.exists():
            self.data.mkdir(mode=0o700, parents=True)
            device_file_in(self.data)
        command = [*self._inside, self._python, "-m", "appliance.cli.main", "run"]
        self._process = subprocess.Popen(
            [*command, "--data", str(self.data), "--listen", self._listen],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environ,
            start_new_session=True,
        )
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout, self._lines), daemon=True)
        self._reader.start()
        self._wait_open(self._lines)

    def until_logged(self, text: str) -> None:
        """Wait until it says something on its console, or find that it has."""
        while not any(text in line for line in self.logged):
            assert self._lines.get(timeout=_START_SECONDS) is not None, "the device ended:\n" + "".join(self.logged)

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
                # Killing the first may end the next before we get to it.
                with suppress(psutil.NoSuchProcess):
                    for one in [*process.children(recursive=True), process]:
                        with suppress(psutil.NoSuchProcess):
                            one.kill()
        # Outside of the data folder where that has too long a path for a socket.
        shutil.rmtree(Layout.of(Settings(data=self.data)).sockets, ignore_errors=True)

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(_STOP_SECONDS)
        assert self._reader is not None
        self._reader.join(_STOP_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def _read(self, stream: IO[str] | None, lines: queue.Queue[str | None]) -> None:
        assert stream is not None
        for line in stream:
            self.logged.append(line)
            lines.put(line)
        lines.put(None)

    def _wait_open(self, lines: queue.Queue[str | None]) -> None:
        while True:
            line = lines.get(timeout=_START_SECONDS)
            assert line is not None, "the device ended:\n" + "".join(self.logged)
            if found := re.search(r"setup code ([A-Z0-9-]+)", line):
                self.setup_code = found[1]
            match _event(line):
                case {"event": "the device page is open", "address": str(address)}:
                    self.url = address
                    self._listen = address.removeprefix("http://")
                case {"event": "the device is ready"}:
                    return


def _event(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None
