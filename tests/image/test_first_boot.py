"""A card is flashed with the settings that Imager writes, and started: a device that can be claimed."""

from __future__ import annotations

from pathlib import Path

from tests.image.box import FIRST_START_SECONDS
from tests.image.conftest import MakeBox


def test_first_boot_to_a_claimed_device_that_keeps_everything(make_box: MakeBox, flashed: Path) -> None:
    box = make_box("first", flashed)
    first = box.power_on(FIRST_START_SECONDS)
    guest = box.guest
    assert (first.slot, first.attempts, first.data) == ("A", 1, True)

    # The settings were taken over, and nobody who takes the card finds them.
    assert guest.sh("hostname").strip() == "testbox"
    assert "alex@laptop" in guest.sh("cat /home/alex/.ssh/authorized_keys")
    assert "CET" in guest.sh("date +%Z")
    left = guest.sh("cat /boot/firmware/user-data")
    assert "taken over" in left
    assert "laptop" not in left

    # The code lies where a person finds it, until it is used.
    code = guest.sh("cat /var/lib/hutch/setup-code").strip()
    assert code in guest.sh("cat /boot/firmware/hutch-setup.txt")
    assert box.machine.said(code)
    box.claim()
    assert box.page.sessions() == ["kept"]
    guest.sh("timeout 60 sh -c 'while [ -e /boot/firmware/hutch-setup.txt ]; do sleep 1; done'")

    # Agents work in their own account, and it gets nowhere near what is the daemon's.
    assert guest.sh("pgrep -u agent -x 'tmux: server'").strip()
    assert guest.run("pgrep", "-u", "hutch", "-x", "tmux: server").code == 1
    for secret in ("/var/lib/hutch", "/data/hutch-boot", "/boot/firmware"):
        assert "Permission denied" in guest.run("runuser", "-u", "agent", "--", "ls", secret).err
    denied = guest.run("runuser", "-u", "agent", "--", "rauc", "status")
    assert denied.code != 0

    # The disk is used whole, the slot is good.
    assert int(guest.sh("df --output=size -B1M /data | tail -1")) > 4000
    box.settle()
    state = box.state()
    assert (state["left"], state["last_good"], state["primary"]) == ([3, 0], "A", "A")
    assert guest.verdict().failed == ()

    guest.tell("systemctl reboot")
    again = box.again(first)
    assert (again.slot, again.attempts, again.data) == ("A", 2, True)
    box.page.log_in()
    assert box.page.sessions() == ["kept"]


def test_a_card_without_settings_starts_too(make_box: MakeBox, image: Path) -> None:
    box = make_box("plain", image)
    box.machine.start()
    box.page.wait(FIRST_START_SECONDS)
    box.machine.wait_for("enter the setup code", FIRST_START_SECONDS)
