"""The device's page as a browser or a program of its owner reaches it over the forwarded port."""

from __future__ import annotations

import html
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

    def wait(self, seconds: float, *wanted: int) -> float:
        """Wait until the page answers that it is well (200), or with one of these; the seconds it took."""
        began = time.monotonic()
        while True:
            self.machine.check_alive()
            try:
                status, _ = self.ask("GET", "/health")
            except (OSError, http.client.HTTPException):
                status = 0
            if status in (wanted or (200,)):
                return time.monotonic() - began
            if time.monotonic() - began > seconds:
                raise MachineError(f"The page did not answer within {seconds} s:\n{self.machine.tail()}")
            time.sleep(0.5)

    def health(self) -> tuple[str, list[str]]:
        """Whether the device is well, and what keeps it from that; answered without a login."""
        _, answer = self.ask("GET", "/health")
        assert isinstance(answer, dict), answer
        return str(answer["status"]), [str(reason) for reason in answer["reasons"]]

    def text(self, path: str, status: int = 200) -> str:
        """A page as a browser gets it, with its login."""
        got, answer = self.ask("GET", path)
        assert got == status, (path, got)
        return html.unescape(str(answer))

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

    def updates(self) -> dict[str, object]:
        """How updates stand."""
        return self.value("GET", "/api/updates")

    def order(self, url: str, **more: object) -> None:
        """Have the device install what is at an address; it goes on by itself."""
        self.value("POST", "/api/updates/install", {"url": url, **more})

    def wait_for_phase(self, *phases: str, seconds: float) -> Mapping[str, object]:
        """Wait until an update has come to one of these phases; how it stands then."""
        until = time.monotonic() + seconds
        while (state := self.update())["phase"] not in phases:
            if time.monotonic() > until:
                raise MachineError(f"The update did not get to {phases}: {state}\n{self.machine.tail()}")
            time.sleep(0.5)
        return state

    def install(self, url: str, seconds: float, **more: object) -> None:
        """Have the device install what is at an address, and wait until it is in place."""
        state = self._end_of(url, seconds, more)
        assert state["phase"] == "installed", state

    def refusal(self, url: str, seconds: float, **more: object) -> str:
        """Have the device install what is at an address, and wait until it says why it does not."""
        state = self._end_of(url, seconds, more)
        assert state["phase"] == "failed", state
        return str(state["problem"])

    def _end_of(self, url: str, seconds: float, more: Mapping[str, object]) -> Mapping[str, object]:
        before = self.update()
        self.order(url, **more)
        until = time.monotonic() + seconds
        while self.update() == before and time.monotonic() < until:
            time.sleep(0.2)
        return self.wait_for_phase("installed", "failed", seconds=seconds)

    def wait_kept(self, seconds: float) -> None:
        """Wait until what was tried is settled."""
        self.wait_for_phase("idle", seconds=seconds)

    def update(self) -> Mapping[str, object]:
        """How an update stands."""
        state = self.updates()["state"]
        assert isinstance(state, dict)
        return state

    def restart(self) -> None:
        """Start what was installed."""
        self.value("POST", "/api/updates/restart", {})

    def rollback(self) -> tuple[str, str]:
        """The version that was taken back, and why."""
        found = self.updates()["rollback"]
        assert isinstance(found, dict), found
        return str(found["version"]), str(found["reason"])

    def sessions(self) -> list[str]:
        """The names of the sessions."""
        answer = self.value("GET", "/api/sessions")
        listed = answer["sessions"]
        assert isinstance(listed, list)
        return [str(one["name"]) for one in listed]
