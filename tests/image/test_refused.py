"""Updates that a device does not take: each leaves the running slot alone, and says why in a sentence."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.image.box import Box
from tests.image.bundles import Bundles
from tests.image.files import Files

SECONDS = 600
REFUSED = {
    "foreign": "a key that this device does not trust",
    "for_another_device": "another kind of device",
    "expired": "has expired",
    "unsigned": "",
    "truncated": "",
    "older": "older",
}
"""A word of the reason; of a file that ends somewhere only that there is one."""


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_ours_is_refused(device: Box, files: Files, bundles: Bundles, kind: str) -> None:
    before = device.state()
    reason = device.page.refusal(files.url(getattr(bundles, kind)()), SECONDS)
    assert REFUSED[kind] in reason
    assert reason.endswith(".")
    assert reason in device.page.text("/settings/updates")
    assert device.state() == before
    assert device.guest.verdict().failed == ()


def test_a_bundle_with_damaged_content_is_never_started(device: Box, files: Files, bundles: Bundles) -> None:
    # Its signature fits, so that writing begins; what is read then does not have the hash that was signed.
    assert device.page.refusal(files.url(bundles.damaged()), SECONDS)
    assert device.state()["primary"] == "A"
    assert device.page.sessions() == ["kept"]


def test_a_cut_download_goes_on(device: Box, files: Files, bundles: Bundles) -> None:
    # What is fetched is refused in the end, which costs less than an installation.
    bundle = bundles.truncated()
    size = bundle.stat().st_size
    files.cut(bundle, size // 2)
    assert device.page.refusal(files.url(bundle), SECONDS, sha256=_sha256(bundle))
    assert size <= files.sent < size * 1.2


def test_a_full_data_partition(device: Box, files: Files, bundles: Bundles) -> None:
    guest, page = device.guest, device.page
    guest.sh("fallocate -l $(($(df --output=avail -B1 /data | tail -1) - 50000000)) /data/filled")
    bundle = bundles.small("9.0.8")
    refused = page.refusal(files.url(bundle), SECONDS, sha256=_sha256(bundle))
    assert "MiB are free on the data partition" in refused

    # An agent fills it to the last byte that it gets: the device starts with it, says so, and people make room.
    full = guest.run("runuser", "-u", "agent", "--", "sh", "-c", "cat /dev/zero >/home/agent/work/rest")
    assert "No space left" in full.err
    guest.sh("sync; systemctl restart hutch", 300)
    page.wait(300, 200, 503)
    assert {"disk_full", "disk_nearly_full"} & set(page.health()[1])
    device.keeps()
    guest.sh("rm /data/filled /home/agent/work/rest; sync; systemctl restart hutch", 300)
    page.wait(300)
    assert not [reason for reason in page.health()[1] if reason.startswith("disk")]


def test_a_clock_that_was_never_set_is_told_from_a_wrong_signature(device: Box, files: Files, bundles: Bundles) -> None:
    device.guest.sh("timedatectl set-ntp false; date -s 1970-01-02")
    assert "clock" in device.page.refusal(files.url(bundles.small("9.0.8")), SECONDS)


def _sha256(bundle: Path) -> str:
    """Whoever knows no more of a bundle than this has it downloaded as a whole, where else it would be streamed."""
    with bundle.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
