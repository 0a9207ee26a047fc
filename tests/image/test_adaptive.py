"""An update of which the device has nearly everything: it is installed from where it lies, and the rest is fetched."""

from __future__ import annotations

from tests.image.box import Box
from tests.image.bundles import Bundles
from tests.image.files import Files

INSTALL_SECONDS = 1800
MOST = 0.1
"""Of the bundle, when one file in it is another."""


def test_one_changed_file_costs_a_tenth_of_the_bundle_at_most(device: Box, files: Files, bundles: Bundles) -> None:
    bundle = bundles.good()
    before = device.guest.verdict()
    device.page.install(files.url(bundle), INSTALL_SECONDS)
    assert 0 < files.sent < MOST * bundle.stat().st_size
    assert device.guest.sh("find /var/lib/hutch/updates -name '*.bundle*'") == ""
    # The next one begins with what RAUC noted of the slot that it wrote.
    assert "block-hash-index" in device.guest.sh("find /data/rauc -type f")
    device.page.restart()
    after = device.again(before.boot_id)
    assert (after.slot, after.version) == ("B", "9.0.1")
