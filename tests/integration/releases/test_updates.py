"""A device in release folders that updates itself: a good release stays, a bad one makes room for the one before."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.integration.releases.machine import Machine
from tests.integration.releases.makers import NEVER_STARTS, NO_SESSIONS, Maker
from tests.integration.releases.test_install import bring, health, install

pytestmark = pytest.mark.timeout(500)


def updates(box: Machine) -> dict[str, object]:
    """How updates stand; empty while the daemon is away."""
    done = box.run("hutch", "update", "status", "--json", check=False)
    found: dict[str, object] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return found


def settled(box: Machine, running: str) -> dict[str, object]:
    """Wait until a version runs and nothing is under way; how updates stand then."""
    until, found = time.monotonic() + 120, updates(box)
    while time.monotonic() < until:
        state = found.get("state")
        if found.get("running") == running and isinstance(state, dict) and state["phase"] == "idle":
            return found
        found = updates(box)
    raise AssertionError(f"{running} does not run: {found}\n{box.log()}")


def update(box: Machine, bundle: Path, *words: str) -> None:
    """Install a bundle with the daemon and restart into it."""
    box.copy(bundle, f"/tmp/{bundle.name}")
    box.run("hutch", "update", "install", f"/tmp/{bundle.name}", *words)
    box.run("hutch", "update", "restart")


def test_a_device_updates_itself_and_comes_back_from_bad_releases(box: Machine, maker: Maker) -> None:
    install(box, bring(box, maker.release("1.0.0")))
    box.run("hutch", "session", "new", "work")
    shell = box.run("pgrep", "-x", "tmux: server").stdout

    update(box, maker.release("1.1.0"))
    found = settled(box, "1.1.0")
    assert health(box)["version"] == "1.1.0"
    assert [(slot["name"], slot["version"], slot["running"]) for slot in found["slots"]] == [  # type: ignore[attr-defined]
        ("B", "1.1.0", True),
        ("A", "1.0.0", False),
    ]
    # Sessions outlive it.
    assert box.run("pgrep", "-x", "tmux: server").stdout == shell

    (box.root / "etc/hutch/hutch.env").write_text("HUTCH_TRIAL_SECONDS=5\n")
    box.run("systemctl", "restart", "hutch.service")
    settled(box, "1.1.0")
    update(box, maker.release("1.2.0", NO_SESSIONS))
    back = settled(box, "1.1.0")["rollback"]
    assert isinstance(back, dict)
    assert back["version"] == "1.2.0"
    assert "This release starts no sessions." in back["reason"]
    assert "taken back" in box.run("hutch", "status", check=False).stdout

    update(box, maker.release("1.3.0", NEVER_STARTS))
    back = settled(box, "1.1.0")["rollback"]
    assert isinstance(back, dict)
    assert back["version"] == "1.3.0"
    assert "started 3 times" in back["reason"]

    # What was taken back is gone, and the device still takes good ones.
    update(box, maker.release("1.4.0"))
    assert settled(box, "1.4.0")["rollback"] is None
    assert sorted(path.name for path in (box.root / "opt/hutch/releases").iterdir()) == ["1.1.0", "1.4.0"]


def test_a_device_refuses_what_it_cannot_trust(box: Machine, maker: Maker, tmp_path: Path) -> None:
    install(box, bring(box, maker.release("1.0.0")))
    other = Maker(tmp_path / "other", maker.shared).release("1.1.0")
    box.copy(other, "/tmp/other.bundle")
    done = box.run("hutch", "update", "install", "/tmp/other.bundle", check=False)
    assert "does not trust" in done.stderr
    box.copy(maker.release("0.9.0"), "/tmp/older.bundle")
    done = box.run("hutch", "update", "install", "/tmp/older.bundle", check=False)
    assert "older than 1.0.0" in done.stderr
    assert sorted(path.name for path in (box.root / "opt/hutch/releases").iterdir()) == ["1.0.0"]
    assert health(box)["version"] == "1.0.0"
