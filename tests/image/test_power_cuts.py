"""The power goes at random points of the first start, of installing and of committing: it always comes back.

Each cut begins with a snapshot, so that none hides what another did. The seed stands in each test's name.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.image.box import FIRST_START_SECONDS, START_SECONDS
from tests.image.bundles import Bundles
from tests.image.conftest import CUTS, SEED, MakeBox
from tests.image.files import Files

FIRST, INSTALLING, COMMITTING = "first start", "installing", "committing"


def cuts() -> list[tuple[str, float]]:
    """What is going on when the power goes, and after how many seconds of it."""
    chance = random.Random(SEED)  # noqa: S311 - a test that can be repeated, no secret
    longest = {FIRST: 120.0, INSTALLING: 150.0, COMMITTING: 120.0}
    kinds = [(FIRST, INSTALLING, COMMITTING)[number % 3] for number in range(CUTS)]
    return [(kind, round(chance.uniform(1, longest[kind]), 1)) for kind in kinds]


@pytest.fixture
def bases(flashed: Path, claimed: Path) -> dict[str, Path]:
    """The disk that each kind of cut begins with."""
    return {FIRST: flashed, INSTALLING: claimed, COMMITTING: claimed}


@pytest.mark.parametrize("cut", cuts(), ids=lambda cut: f"{cut[0]} {cut[1]} s, seed {SEED}")
def test_it_comes_back(
    make_box: MakeBox, bases: dict[str, Path], bundles: Bundles, files: Files, cut: tuple[str, float]
) -> None:
    when, after = cut
    box = make_box("cut", bases[when])
    if when == FIRST:
        box.machine.start()
    else:
        box.power_on()
        box.settle()
        url = files.url(bundles.good())
        if when == INSTALLING:
            box.guest.tell(f"rauc install {url}")
        else:
            box.guest.sh(f"rauc install {url}", 900)
            box.guest.tell("systemctl reboot")
    # Not to wait for something: this is the moment that the seed chose.
    time.sleep(after)
    box.power_off()

    back = box.power_on(FIRST_START_SECONDS if when == FIRST else START_SECONDS)
    assert back.data
    box.settle()
    assert box.state()["primary"] == back.slot
    if when != FIRST:
        box.page.log_in()
        assert box.page.sessions() == ["kept"]
    assert box.guest.sh("cat /home/alex/.ssh/authorized_keys").count("alex@laptop") == 1
