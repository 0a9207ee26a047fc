"""Updates into the other slot: kept when they work, taken back when they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.image.bases import Bases
from tests.image.box import Box
from tests.image.bundles import Bundles
from tests.image.conftest import MakeBox
from tests.image.files import Files

ROLLBACK_SECONDS = 2400
INSTALL_SECONDS = 1200


def install(box: Box, files: Files, bundle: Path) -> None:
    """Install a bundle from the web by way of the page, and start it."""
    box.page.install(files.url(bundle), INSTALL_SECONDS)
    assert box.state()["primary"] == "B"
    box.page.restart()


def judge_rollback(box: Box, boot: str, version: str, told: tuple[str, str]) -> None:
    """The device comes back in the slot before, has everything, and says which version it took back and why."""
    after = box.again(boot, ROLLBACK_SECONDS, slot="A")
    assert after.version == version
    state = box.state()
    assert (state["primary"], state["last_good"]) == ("A", "A")
    box.keeps()
    taken_back, reason = box.page.rollback()
    assert (taken_back, told[1] in reason) == (told[0], True), reason
    assert reason in box.page.text("/")


def test_a_good_update_is_kept(device: Box, files: Files, bundles: Bundles) -> None:
    before = device.guest.verdict()
    install(device, files, bundles.good())
    after = device.again(before.boot_id)
    assert (after.slot, after.version) == ("B", "9.0.1")
    device.settle()
    assert (device.state()["last_good"], device.state()["left"]) == ("B", [3, 3])
    device.keeps()
    device.page.wait_kept(120)
    assert device.page.updates()["rollback"] is None


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("without_page", ("9.0.2", "its checks failed")),
        ("panicking", ("9.0.4", "was never seen to start")),
    ],
)
def test_a_bad_update_goes_back_by_itself(
    device: Box, files: Files, bundles: Bundles, kind: str, told: tuple[str, str]
) -> None:
    before = device.guest.verdict()
    install(device, files, getattr(bundles, kind)())
    judge_rollback(device, before.boot_id, before.version, told)


def test_an_update_that_hangs_is_ended_by_the_watchdog(
    make_box: MakeBox, bases: Bases, files: Files, bundles: Bundles
) -> None:
    box = make_box(bases.claimed)
    box.machine.watchdog = True
    before = box.power_on()
    box.page.log_in()
    box.settle()
    install(box, files, bundles.hanging())
    judge_rollback(box, before.boot_id, before.version, ("9.0.3", "did not get through its checks"))


SPEND = """python3 - <<'END'
import importlib.machinery as m, importlib.util as u, sys
l = m.SourceFileLoader('boot_state', '/usr/lib/hutch/boot-state')
s = u.module_from_spec(u.spec_from_loader('boot_state', l)); sys.modules['boot_state'] = s; l.exec_module(s)
d = s.Disk(open('/run/hutch/disk').read().strip())
d.write(d.read().with_attempts('A', 0).with_attempts('B', 0))
END
"""


def test_spent_counters_start_the_last_good_slot(device: Box) -> None:
    before = device.guest.verdict()
    device.guest.sh(SPEND)
    device.guest.tell("systemctl reboot")
    after = device.again(before.boot_id)
    assert (after.slot, after.attempts) == ("A", before.attempts + 1)
    assert device.machine.said("(last-good)")
    device.settle()
    assert device.state()["left"] == [3, 0]
