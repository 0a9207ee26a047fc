"""A machine with the two ways to talk to it: the page, and the agent inside."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.image.guest import Guest, Verdict
from tests.image.machine import Machine
from tests.image.page import Page

FIRST_START_SECONDS = 1200
START_SECONDS = 900


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
        self.guest.close()
        self.guest = Guest(self.machine)
        self.guest.connect()
        self.page.wait(seconds)
        return self.guest.wait_up(seconds)

    def power_off(self) -> None:
        """Cut the power."""
        self.guest.close()
        self.machine.cut_power()

    def again(self, before: Verdict, seconds: float = START_SECONDS, *, slot: str | None = None) -> Verdict:
        """The verdict of the next start, or of the next one in a slot: a bad version may reach the agent too.

        The page answers again.
        """
        found = self.guest.wait_up(seconds, not_boot=before.boot_id)
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
        """Make the device somebody's, with one session on it."""
        self.page.claim(self.guest.sh("cat /var/lib/hutch/setup-code").strip())
        self.page.value("POST", "/api/sessions", {"name": "kept"})

    def fetch(self, url: str, name: str) -> str:
        """Bring a file onto the guest's data partition; its path there."""
        target = f"/data/{name}"
        self.guest.sh(f"curl -fsS -o {target} {url}", 300)
        return target
