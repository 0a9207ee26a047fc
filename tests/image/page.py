"""The device's page as a browser or a program of its owner reaches it over the forwarded port."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.image.machine import Machine, MachineError

NAME, PASSWORD = "alex", "correct horse battery"


@dataclass
class Page:
    """The device's REST API; ``token`` after a login."""

    machine: Machine
    token: str | None = None

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> tuple[int, object]:
        """One request; the status and the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.machine.port, timeout=60)
        headers = {"Host": "localhost", "Content-Type": "application/json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        try:
            return response.status, json.loads(text) if text else None
        except ValueError:
            return response.status, text.decode(errors="replace")

    def value(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        """The answer of a request that must be granted."""
        status, answer = self.ask(method, path, body)
        assert status < 300, (method, path, status, answer)
        assert isinstance(answer, dict)
        return answer

    def wait(self, seconds: float) -> float:
        """Wait until the page answers; the seconds it took."""
        began = time.monotonic()
        while True:
            self.machine.check_alive()
            try:
                status, _ = self.ask("GET", "/health")
            except (OSError, http.client.HTTPException):
                status = 0
            if status == 200:
                return time.monotonic() - began
            if time.monotonic() - began > seconds:
                raise MachineError(f"The page did not answer within {seconds} s:\n{self.machine.tail()}")
            time.sleep(0.5)

    def claim(self, code: str) -> None:
        """Make the device somebody's."""
        status, answer = self.ask("POST", "/api/setup", {"code": code, "username": NAME, "password": PASSWORD})
        assert status == 201, answer
        assert isinstance(answer, dict)
        self.token = str(answer["access_token"])

    def log_in(self) -> None:
        """Log in as that person."""
        self.token = str(
            self.value("POST", "/api/auth/login", {"username": NAME, "password": PASSWORD})["access_token"]
        )

    def sessions(self) -> list[str]:
        """The names of the sessions."""
        answer = self.value("GET", "/api/sessions")
        listed = answer["sessions"]
        assert isinstance(listed, list)
        return [str(one["name"]) for one in listed]
