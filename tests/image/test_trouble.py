"""A device that is not well says so on its page, and stays usable."""

from __future__ import annotations

from tests.image.box import Box

SPOIL = """set -e
systemctl stop hutch
cp -a /var/lib/hutch/hutch.db /var/lib/hutch/hutch.db.kept
rm -f /var/lib/hutch/hutch.db-wal /var/lib/hutch/hutch.db-shm
dd if=/dev/urandom of=/var/lib/hutch/hutch.db bs=4096 count=4 conv=notrunc status=none
systemctl start --no-block hutch
"""


def test_a_damaged_store_is_told_on_the_page(device: Box) -> None:
    device.guest.sh(SPOIL)
    device.page.wait(300, 503)
    assert "store is damaged" in device.page.text("/", status=503)
    assert device.page.health() == ("unhealthy", ["cannot_start"])
    # Whoever is on the machine brings the store back, and the device goes on by itself.
    device.guest.sh("mv /var/lib/hutch/hutch.db.kept /var/lib/hutch/hutch.db")
    device.page.wait(300)
    device.keeps()
