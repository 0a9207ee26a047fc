"""A machine with the two ways to talk to it: the page, and the agent inside."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.image.guest import Guest, Verdict
from tests.image.machine import Machine, MachineError
from tests.image.page import Page

FIRST_START_SECONDS = 1200
START_SECONDS = 900
FILE = "/home/agent/work/notes.txt"
FILE_SUM = hashlib.md5("".join(f"{number}\n" for number in range(1, 100_001)).encode()).hexdigest()  # noqa: S324 - no secret


@dataclass
class Box:
    """One device under test."""

    machine: Machine
    guest: Guest
    page: Page

    @classmethod
    def on(cls, machine: Machine) -> Box:
        """A machine that is off."""
        return cls(machine, Guest(machine), Page(machine))

    def power_on(self, seconds: float = START_SECONDS) -> Verdict:
        """Start, and wait for the page and the guest's verdict."""
        self.machine.start()
        return self.arrive(seconds)

    def arrive(self, seconds: float) -> Verdict:
        """Wait for the page and the verdict of a machine that was started."""
        self.guest.close()
        self.guest = Guest(self.machine)
        self.guest.connect()
        self.page.wait(seconds)
        return self.guest.wait_up(seconds)

    def go_on(self, memory: Path) -> Verdict:
        """Go on where a machine was stopped, and log in to the page of that device."""
        self.machine.start(memory)
        self.guest.close()
        self.guest = Guest(self.machine)
        self.guest.connect()
        self.page.log_in()
        # Asked for: the agent may not have seen that nobody was connected meanwhile, and then says nothing by itself.
        return self.guest.verdict()

    def keep_journal(self) -> None:
        """Save what the machine wrote down since its start, where it still answers: for whoever looks for a fault."""
        with suppress(MachineError, OSError, AssertionError):
            text = self.guest.sh("journalctl -b --no-pager -o short-monotonic | tail -n 1500", 120)
            (self.machine.folder / "journal.txt").write_text(text)

    def power_off(self) -> None:
        """Cut the power."""
        self.guest.close()
        self.machine.cut_power()

    def again(self, boot: str, seconds: float = START_SECONDS, *, slot: str | None = None) -> Verdict:
        """The verdict of the start after this one, or of the next in a slot: a bad version may reach the agent too.

        The page answers again.
        """
        found = self.guest.wait_up(seconds, not_boot=boot)
        while slot not in {None, found.slot}:
            found = self.guest.wait_up(seconds, not_boot=found.boot_id)
        self.page.wait(seconds)
        return found

    def state(self) -> dict[str, object]:
        """The boot loader's state."""
        found: dict[str, object] = json.loads(self.guest.sh("/usr/lib/hutch/boot-state show"))
        return found

    def settle(self) -> None:
        """Wait until the boot checks of this start are through."""
        self.guest.sh("systemctl start hutch-boot-check.service", 400)

    def claim(self) -> None:
        """Make the device somebody's, with one session and one file on it."""
        self.page.claim(self.guest.sh("cat /var/lib/hutch/setup-code").strip())
        self.page.value("POST", "/api/sessions", {"name": "kept"})
        self.guest.sh(f"runuser -u agent -- sh -c 'seq 100000 >{FILE}'")

    def keeps(self) -> None:
        """What a person left on the device is there, and its page lets them in."""
        self.page.log_in()
        assert self.page.sessions() == ["kept"]
        assert self.guest.sh(f"md5sum <{FILE}").split()[0] == FILE_SUM
        self.keeps_settings()

    def keeps_settings(self) -> None:
        """The settings of the card's first start are in force."""
        assert self.guest.sh("hostname").strip() == "testbox"
        assert self.guest.sh("cat /home/alex/.ssh/authorized_keys").count("alex@laptop") == 1

    def fetch(self, url: str, name: str) -> str:
        """Bring a file onto the guest's data partition; its path there."""
        target = f"/data/{name}"
        self.guest.sh(f"curl -fsS -o {target} {url}", 300)
        return target
