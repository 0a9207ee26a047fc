"""A card is flashed with the settings that Imager writes, and started: a device that can be claimed."""

from __future__ import annotations

import random
import re
from pathlib import Path

from image.build.layout import BOOTFS, MIB
from tests.image.bases import CARD, Bases
from tests.image.box import FIRST_START_SECONDS
from tests.image.bundles import Bundles
from tests.image.conftest import MakeBox
from tests.image.files import Files
from tests.image.machine import card, put_on_fat


def test_first_boot_to_a_claimed_device_that_keeps_everything(make_box: MakeBox, bases: Bases) -> None:
    box = make_box(bases.flashed)
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
    again = box.again(first.boot_id)
    assert (again.slot, again.attempts, again.data) == ("A", 2, True)
    box.keeps()


def test_a_card_with_a_garbled_file_no_network_and_a_clock_of_1970(
    make_box: MakeBox, image: Path, tmp_path: Path, files: Files, bundles: Bundles
) -> None:
    disk = card(image, tmp_path / "card.img", CARD)
    garbage = random.Random(1).randbytes(3000)  # noqa: S311 - the same for each run, no secret
    put_on_fat(disk, BOOTFS.start * MIB, "user-data", b"#cloud-config\n" + garbage, tmp_path)
    box = make_box(disk)
    box.machine.clock = "1970-01-01T00:00:00"
    box.machine.start()
    box.machine.cable(plugged=False)
    box.machine.wait_for("enter the setup code", FIRST_START_SECONDS)

    # Somebody reads the screen, and plugs the cable in.
    box.machine.cable(plugged=True)
    box.page.wait(300)
    found = re.search(r"enter the setup code ([A-Z0-9-]+)", box.machine.console.read_text(errors="replace"))
    assert found is not None
    box.page.claim(found[1])
    assert "settings_refused" in box.page.health()[1]
    assert "user-data is not a text in UTF-8" in box.page.text("/")

    # The clock was never set, so that no signature is valid yet: the page says that it is the clock.
    assert "clock" in box.page.refusal(files.url(bundles.small("9.0.8")), 600)
    box.page.value("POST", "/api/sessions", {"name": "works"})
    assert box.page.sessions() == ["works"]
