"""One start of an image that is there already: tools/image-smoke.sh runs it, `make test-image` has more."""

from __future__ import annotations

from tests.image.bases import Bases
from tests.image.box import FIRST_START_SECONDS
from tests.image.conftest import MakeBox


def test_the_image_starts_and_passes_its_own_checks(make_box: MakeBox, bases: Bases) -> None:
    box = make_box(bases.flashed)
    verdict = box.power_on(FIRST_START_SECONDS)
    assert (verdict.slot, verdict.data) == ("A", True)
    box.settle()
    assert box.state()["last_good"] == "A"
    assert box.page.health()[0] != "unhealthy"
