"""A card is flashed with the settings that Imager writes, and started: a device that can be claimed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.image.conftest import MakeMachine
from tests.image.guest import Guest
from tests.image.page import Page

FIRST_START_SECONDS = 400
START_SECONDS = 300

pytestmark = pytest.mark.timeout(1800)


def test_first_boot_to_a_claimed_device_that_keeps_everything(make_machine: MakeMachine, flashed: Path) -> None:
    machine = make_machine("first", flashed)
    machine.start()
    guest, page = Guest(machine), Page(machine)
    guest.connect()
    page.wait(FIRST_START_SECONDS)
    first = guest.wait_up(FIRST_START_SECONDS)
    assert (first.slot, first.attempts, first.data) == ("A", 1, True)

    # The settings were taken over, and nobody who takes the card finds them.
    assert guest.sh("hostname").strip() == "testbox"
    assert "alex@laptop" in guest.sh("cat /home/alex/.ssh/authorized_keys")
    assert "CET" in guest.sh("date +%Z")
    left = guest.sh("cat /boot/firmware/user-data")
    assert "taken over" in left
    assert "laptop" not in left

    # The code lies where a person finds it.
    code = guest.sh("cat /var/lib/hutch/setup-code").strip()
    assert code in guest.sh("cat /boot/firmware/hutch-setup.txt")
    assert machine.said(code)

    page.claim(code)
    page.value("POST", "/api/sessions", {"name": "kept"})
    assert page.sessions() == ["kept"]
    guest.sh("timeout 60 sh -c 'while [ -e /boot/firmware/hutch-setup.txt ]; do sleep 1; done'")

    # The disk is used whole, the slot is good.
    assert int(guest.sh("df --output=size -B1M /data | tail -1")) > 4000
    guest.sh("systemctl is-active hutch-boot-check || systemctl start hutch-boot-check", 300)
    assert guest.verdict().failed == ()

    guest.tell("systemctl reboot")
    again = guest.wait_up(START_SECONDS, not_boot=first.boot_id)
    page.wait(START_SECONDS)
    assert (again.slot, again.attempts, again.data) == ("A", 2, True)
    page.log_in()
    assert page.sessions() == ["kept"]
    guest.close()


def test_a_card_without_settings_starts_too(make_machine: MakeMachine, image: Path) -> None:
    machine = make_machine("plain", image)
    machine.start()
    page = Page(machine)
    page.wait(FIRST_START_SECONDS)
    machine.wait_for("enter the setup code", FIRST_START_SECONDS)
    machine.cut_power()
