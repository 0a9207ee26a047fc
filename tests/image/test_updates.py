"""Updates into the other slot: kept when they work, taken back when they do not, refused when they are not ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.image.box import Box
from tests.image.bundles import Bundles
from tests.image.conftest import MakeBox
from tests.image.files import Files

ROLLBACK_SECONDS = 2400
INSTALL_SECONDS = 1200


@pytest.fixture
def box(make_box: MakeBox, claimed: Path, request: pytest.FixtureRequest) -> Box:
    """A claimed device, running; with a watchdog where the test is about a hang."""
    made = make_box(f"update-{request.node.name[:40]}", claimed)
    made.machine.watchdog = "hanging" in request.node.name
    made.power_on()
    made.page.log_in()
    made.settle()
    return made


def install(box: Box, files: Files, bundle: Path) -> None:
    """Install a bundle from the web by way of the page, and start it."""
    box.page.install(files.url(bundle), INSTALL_SECONDS)
    assert box.state()["primary"] == "B"
    box.page.restart()


def test_a_good_update_is_kept(box: Box, files: Files, bundles: Bundles) -> None:
    before = box.guest.verdict()
    install(box, files, bundles.good())
    after = box.again(before)
    assert (after.slot, after.version) == ("B", "9.0.1")
    box.settle()
    assert (box.state()["last_good"], box.state()["left"]) == ("B", [3, 3])
    box.page.log_in()
    box.page.wait_kept(120)
    assert box.page.updates()["rollback"] is None
    assert box.page.sessions() == ["kept"]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("without_page", ("9.0.2", "its checks failed")),
        ("panicking", ("9.0.4", "was never seen to start")),
        ("hanging", ("9.0.3", "did not get through its checks")),
    ],
)
def test_a_bad_update_goes_back_by_itself(
    box: Box, files: Files, bundles: Bundles, kind: str, told: tuple[str, str]
) -> None:
    before = box.guest.verdict()
    install(box, files, getattr(bundles, kind)())
    after = box.again(before, ROLLBACK_SECONDS, slot="A")
    assert after.version == before.version
    state = box.state()
    assert (state["primary"], state["last_good"]) == ("A", "A")
    box.page.log_in()
    assert box.page.sessions() == ["kept"]
    taken_back, reason = box.page.rollback()
    assert (taken_back, told[1] in reason) == (told[0], True), reason


@pytest.mark.parametrize("kind", ["foreign", "for_another_device", "truncated"])
def test_what_is_not_ours_is_refused(box: Box, files: Files, bundles: Bundles, kind: str) -> None:
    before = box.state()
    assert box.page.refusal(files.url(getattr(bundles, kind)()), INSTALL_SECONDS)
    assert box.state()["primary"] == before["primary"] == "A"
    assert box.guest.verdict().failed == ()


def test_spent_counters_start_the_last_good_slot(box: Box) -> None:
    before = box.guest.verdict()
    box.guest.sh(
        "python3 - <<'END'\n"
        "import importlib.machinery as m, importlib.util as u, sys\n"
        "l = m.SourceFileLoader('boot_state', '/usr/lib/hutch/boot-state')\n"
        "s = u.module_from_spec(u.spec_from_loader('boot_state', l)); sys.modules['boot_state'] = s; l.exec_module(s)\n"
        "d = s.Disk(open('/run/hutch/disk').read().strip())\n"
        "d.write(d.read().with_attempts('A', 0).with_attempts('B', 0))\n"
        "END\n"
    )
    box.guest.tell("systemctl reboot")
    after = box.again(before)
    assert (after.slot, after.attempts) == ("A", before.attempts + 1)
    assert box.machine.said("(last-good)")
    box.settle()
    assert box.state()["left"] == [3, 0]
