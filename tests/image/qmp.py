"""QEMU's own socket: what a person does to a machine with their hands, and what only an emulator can."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

_SECONDS = 60.0
_PACE = 0.1


class QmpError(Exception):
    """QEMU refused a command."""


class Qmp:
    """One conversation with QEMU (QEMU Machine Protocol): it takes one client at a time, so none is kept open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_SECONDS)
        self._buffer = b""

    def __enter__(self) -> Qmp:
        until = time.monotonic() + _SECONDS
        while True:
            try:
                self._socket.connect(str(self._path))
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > until:
                    raise
                time.sleep(_PACE)
            else:
                break
        self._message()
        self.ask("qmp_capabilities")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def ask(self, command: str, **arguments: object) -> object:
        """Run a command; what it returns. Raises QmpError, OSError when QEMU is gone."""
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            reply = self._message()
            if "error" in reply:
                raise QmpError(f"{command}: {reply['error']}")
            if "return" in reply:
                return reply["return"]

    def field(self, command: str, name: str) -> object:
        """One field of what a command returns."""
        found = self.ask(command)
        assert isinstance(found, dict), found
        return found.get(name)

    def wait_for(self, command: str, name: str, wanted: str, seconds: float) -> None:
        """Wait until a field of what a command returns is the one wanted."""
        until = time.monotonic() + seconds
        while (found := self.field(command, name)) != wanted:
            if found == "failed" or time.monotonic() > until:
                raise QmpError(f"{command}: {name} is {found!r}, not {wanted!r}")
            time.sleep(_PACE)

    def _message(self) -> Mapping[str, object]:
        while b"\n" not in self._buffer:
            got = self._socket.recv(65536)
            if not got:
                raise QmpError("QEMU has ended.")
            self._buffer += got
        line, _, self._buffer = self._buffer.partition(b"\n")
        found: Mapping[str, object] = json.loads(line)
        return found
