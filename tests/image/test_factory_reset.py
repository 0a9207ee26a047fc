"""Backup, factory reset and restore of a claimed device, and a reset that the power interrupts."""

from __future__ import annotations

import http.client
import time
from pathlib import Path

import pytest

from tests.image.box import Box
from tests.image.machine import MachineError

PASSPHRASE = "a rather long sentence"
SECONDS = 600
NOVEL = "/home/agent/work/novel/one.txt"


@pytest.fixture
def box(device: Box) -> Box:
    """A claimed device that runs, with a file of an agent's on it."""
    write_novel(device, "Call me anything.")
    return device


def write_novel(box: Box, text: str) -> None:
    """What an agent has made, with a login of its CLI beside it."""
    box.guest.sh(
        f"runuser -u agent -- sh -c 'umask 022; mkdir -p {Path(NOVEL).parent} ~agent/.claude; "
        f'echo "{text}" >{NOVEL}; echo key >~agent/.claude/login\''
    )


def send(box: Box, method: str, path: str, body: bytes | None = None) -> bytes:
    """One request with raw bytes; it must be granted."""
    connection = http.client.HTTPConnection("127.0.0.1", box.machine.port, timeout=120)
    headers = {"Host": "localhost", "Authorization": f"Bearer {box.page.token}"}
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        assert response.status == 200, content[:500]
        return content
    finally:
        connection.close()


def backup(box: Box) -> bytes:
    """Make one with the workspace, and fetch it."""
    box.page.value("POST", "/api/care/backup", {"passphrase": PASSPHRASE, "folders": ["novel"]})
    until = time.monotonic() + SECONDS
    while box.page.value("GET", "/api/care")["saved"] is None:
        if time.monotonic() > until:
            raise MachineError(f"No backup was made:\n{box.machine.tail()}")
        time.sleep(1)
    return send(box, "GET", "/api/care/backup")


def reset(box: Box, *, workspace: bool) -> None:
    """Ask for a factory reset, as the page does."""
    system = box.page.value("GET", "/api/device")
    box.page.value("POST", "/api/care/reset", {"name": system["hostname"], "workspace": workspace})


def assert_is_new(box: Box) -> None:
    """Nobody's device, with the system's own accounts as they were."""
    _, answer = box.page.ask("GET", "/api/device")
    assert "setup_needed" in str(answer)
    assert box.guest.sh("cat /var/lib/hutch/setup-code").strip()
    assert "laptop" in box.guest.sh("cat /home/alex/.ssh/authorized_keys")
    assert box.guest.run("test", "-e", "/var/lib/hutch/factory-reset-wanted").code == 1
    assert box.guest.run("test", "-e", "/home/agent/.claude").code == 1
    assert "The device was reset" in box.guest.sh("tail -n 1 /var/log/hutch-factory-reset.log")


def test_a_device_is_saved_reset_and_brought_back(box: Box) -> None:
    whole = backup(box)
    before = box.guest.verdict()
    reset(box, workspace=True)
    after = box.again(before.boot_id)
    assert (after.slot, after.failed) == (before.slot, ())
    assert_is_new(box)
    assert box.guest.sh("ls -A /home/agent/work") == ""
    box.settle()
    box.claim()

    box.page.value("POST", "/api/care/restore", {"passphrase": PASSPHRASE, "size": len(whole)})
    piece = 1024 * 1024
    for at in range(0, len(whole), piece):
        send(box, "PUT", f"/api/care/restore/file?offset={at}", whole[at : at + piece])
    first = box.guest.sh("systemctl show -P MainPID hutch.service")
    box.page.value("POST", "/api/care/restore/begin")
    # The daemon ends, systemd starts it, and its agents get their folder.
    box.guest.sh(
        f'timeout {SECONDS} sh -c \'until journalctl -b -u hutch | grep -q "folder of the workspace is restored"; '
        "do sleep 1; done'",
        SECONDS + 30,
    )
    box.page.wait(SECONDS)
    assert box.guest.sh("systemctl show -P MainPID hutch.service") != first
    box.page.log_in()
    assert box.guest.sh(f"cat {NOVEL}") == "Call me anything.\n"
    assert box.guest.sh(f"stat -c %U {NOVEL}") == "agent\n"
    assert box.guest.verdict().failed == ()


def test_a_reset_that_the_power_interrupts_is_gone_on_with(box: Box) -> None:
    before = box.guest.verdict()
    # As the power leaves it in the middle: the wish is there, and part of the device is not.
    box.guest.sh(
        "systemctl stop hutch.service; printf '\\n' >/var/lib/hutch/factory-reset-wanted; "
        "rm -rf /var/lib/hutch/sessions /var/lib/hutch/device-key.json; sync"
    )
    box.power_off()
    after = box.power_on()
    assert after.boot_id != before.boot_id
    assert_is_new(box)
    assert box.guest.sh(f"cat {NOVEL}") == "Call me anything.\n"
    box.settle()
    box.claim()
    assert box.page.sessions() == ["kept"]
