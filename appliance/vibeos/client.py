"""What the commands have in common: the variables, and requests to the OpenCode API of a device.

Variables: ``VIBEOS_HOST`` (localhost), ``VIBEOS_PORT`` (4096), ``VIBEOS_SESSION`` (desktop) and, where the API has a
password, ``OPENCODE_SERVER_PASSWORD``. ``VIBEOS_CONTAINER`` named a Docker container and has no meaning here.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

SECONDS = 60 * 60
"""How long an answer may take: an agent may work for long."""


class Failed(Exception):
    """The command cannot do its work; the message says why and what to do."""


@dataclass(frozen=True)
class Device:
    """Where a device answers, and which of its sessions is meant."""

    host: str
    port: int
    session: str
    password: str | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Device:
        """The device that the variables name. Raises :class:`Failed` for a port that is none."""
        port = environ.get("VIBEOS_PORT", "4096")
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise Failed(f"VIBEOS_PORT is {port!r}. Set it to a port, such as 4096.")
        return cls(
            host=environ.get("VIBEOS_HOST", "localhost"),
            port=int(port),
            session=environ.get("VIBEOS_SESSION", "desktop"),
            password=environ.get("OPENCODE_SERVER_PASSWORD") or None,
        )

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """Send one request; the answer's body. Raises :class:`Failed`."""
        headers = {"Accept": "*/*"}
        if self.password is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(f"opencode:{self.password}".encode()).decode()
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body)
        connection = http.client.HTTPConnection(self.host, self.port, timeout=SECONDS)
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(
                f"Nothing answers at {self.host}:{self.port} ({error}). Check VIBEOS_HOST and VIBEOS_PORT."
            ) from None
        finally:
            connection.close()
        if answer.status >= 400:
            raise Failed(_reason(content) or f"{self.host} answered {answer.status}.")
        return content

    def session_id(self) -> str:
        """The id of the session with the wanted title. Raises :class:`Failed` where there is none."""
        for session in json.loads(self.ask("GET", "/session")):
            if session["title"] == self.session:
                return str(session["id"])
        raise Failed(f"There is no session {self.session!r}. Make it, or name another in VIBEOS_SESSION.")


def run(work: Callable[[Device, list[str]], int]) -> int:
    """Do the work of a command with what the environment and the command line say; 1 when it failed."""
    try:
        return work(Device.of(os.environ), sys.argv[1:])
    except Failed as failed:
        sys.stderr.write(f"{os.path.basename(sys.argv[0])}: {failed}\n")  # noqa: PTH119 - a name, no path
        return 1
    except KeyboardInterrupt:
        return 130


def _reason(content: bytes) -> str:
    try:
        return str(json.loads(content)["data"]["message"])
    except (ValueError, KeyError, TypeError):
        return ""
