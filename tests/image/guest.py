"""The test's end of the port on which the guest judges itself."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.image.machine import Machine, MachineError


@dataclass(frozen=True)
class Done:
    """How a program in the guest ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Verdict:
    """How the guest judges itself."""

    boot_id: str
    slot: str
    version: str
    attempts: int
    failed: tuple[str, ...]
    data: bool

    @classmethod
    def of(cls, reply: Mapping[str, object]) -> Verdict:
        failed = reply["failed"]
        assert isinstance(failed, list)
        attempts = reply["attempts"]
        assert isinstance(attempts, int)
        texts = {name: str(reply[name]) for name in ("boot_id", "slot", "version")}
        return cls(**texts, attempts=attempts, failed=tuple(failed), data=reply["data"] is True)


class Guest:
    """Asks the guest's agent, over a socket that QEMU keeps while the guest starts again and again."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._number = 0
        self._socket = socket.socket(socket.AF_UNIX)
        self._buffer = b""

    def connect(self, seconds: float = 30) -> None:
        """Connect to QEMU, which listens from its start on."""
        until = time.monotonic() + seconds
        while True:
            try:
                self._socket.connect(str(self._machine.agent_socket))
            except (FileNotFoundError, ConnectionRefusedError):
                self._machine.check_alive()
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def wait_up(self, seconds: float, *, not_boot: str | None = None) -> Verdict:
        """The verdict of the next start (another than ``not_boot``) that reaches the agent."""
        until = time.monotonic() + seconds
        while True:
            reply = self._line(until)
            if reply.get("verdict") == "up" and reply["boot_id"] != not_boot:
                return Verdict.of(reply)

    def verdict(self) -> Verdict:
        """How the guest judges itself now."""
        return Verdict.of(self._ask({"ask": "verdict"}, 120))

    def run(self, *words: str, seconds: float = 120) -> Done:
        """Run a program as root in the guest."""
        reply = self._ask({"run": list(words), "seconds": seconds}, seconds + 30)
        code = reply["code"]
        assert isinstance(code, int)
        return Done(code, str(reply["out"]), str(reply["err"]))

    def sh(self, script: str, seconds: float = 120) -> str:
        """What a shell script prints; it must end well."""
        done = self.run("sh", "-c", script, seconds=seconds)
        assert done.code == 0, f"{script}: {done.out}{done.err}"
        return done.out

    def tell(self, script: str) -> None:
        """Start a shell script whose answer nobody waits for: it may end the machine."""
        self._number += 1
        self._send({"run": ["sh", "-c", script], "seconds": 600, "id": self._number})

    def _ask(self, question: Mapping[str, object], seconds: float) -> Mapping[str, object]:
        self._number += 1
        self._send({**question, "id": self._number})
        until = time.monotonic() + seconds
        while True:
            reply = self._line(until)
            if reply.get("id") == self._number:
                return reply

    def _send(self, question: Mapping[str, object]) -> None:
        self._socket.sendall(json.dumps(question).encode() + b"\n")

    def _line(self, until: float) -> Mapping[str, object]:
        while b"\n" not in self._buffer:
            self._machine.check_alive()
            left = until - time.monotonic()
            if left <= 0:
                raise MachineError(f"The guest did not answer in time:\n{self._machine.tail()}")
            self._socket.settimeout(min(left, 2))
            try:
                self._buffer += self._socket.recv(65536)
            except TimeoutError:
                continue
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            found: Mapping[str, object] = json.loads(line)
        except ValueError:
            return {}
        return found


def settings(agent: Path, extra: str = "") -> str:
    """A user-data file as Imager writes one, which brings the agent into the machine too."""
    source = "\n".join("      " + line for line in agent.read_text().splitlines())
    return f"""#cloud-config
hostname: testbox
manage_etc_hosts: true
timezone: Europe/Berlin
users:
- name: alex
  groups: users,adm,dialout,audio,netdev,video,plugdev,input
  shell: /bin/bash
  lock_passwd: true
  ssh_authorized_keys:
  - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPUt5bYYnn6Fo0cRkUgW8SqLYpJ0ub5nhRPlOzzdbHqN alex@laptop
  sudo: ALL=(ALL) NOPASSWD:ALL
write_files:
- path: /etc/hutch-test/agent.py
  content: |
{source}
- path: /etc/systemd/system/hutch-test.service
  content: |
      [Unit]
      After=hutch.service
      [Service]
      ExecStart=/usr/bin/python3 -I /etc/hutch-test/agent.py
      Restart=always
      RestartSec=1
      [Install]
      WantedBy=multi-user.target
runcmd:
- [systemctl, enable, --now, --no-block, hutch-test.service]
{extra}"""
