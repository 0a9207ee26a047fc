"""Whether a slot is kept, goes on, or gives way to the other one: the real script with the real boot state on a file.

Its paths are moved below a folder; RAUC, systemctl and the checks themselves only note that they were called.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.unit.image.programs import PROGRAMS, load

boot_state = load("boot-state")
START: Final = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
SECONDS = 30
HEALTHY, ILL, SPEECHLESS = "exit 0", 'printf \'{"boot_id":"%s"}\' "$BOOT" >"$3"; exit 1', "exit 127"


@dataclass(frozen=True)
class Slots:
    """A device whose folder is ``root``, started in slot B."""

    root: Path

    @property
    def calls(self) -> list[str]:
        """What was asked of the system, in its order."""
        file = self.root / "calls"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def verdict(self) -> dict[str, object]:
        """What the next slot reads."""
        found: dict[str, object] = json.loads((self.root / "data/hutch-boot/verdict.json").read_text())
        return found

    def state(self) -> dict[str, object]:
        """The boot state as the boot loader reads it."""
        found: dict[str, object] = json.loads(self._run("usr/lib/hutch/boot-state", "show").stdout)
        return found

    def check(self) -> int:
        """Run it; what it ended with."""
        return self._run("usr/lib/hutch/boot-check").returncode

    def _run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.root / program), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def a_device(root: Path, checks: str, **state: object) -> Slots:
    for folder in ("data/hutch-boot", "opt/hutch/current/bin", "usr/lib/hutch", "bin", "proc", "etc", "run/hutch"):
        (root / folder).mkdir(parents=True)
    (root / "proc/cmdline").write_text("root=/dev/vda6 rauc.slot=B hutch.boot=attempt\n")
    (root / "etc/hutch-release").write_text("VERSION_ID=9.0.1\n")
    (root / "run/hutch/disk").write_text(str(root / "disk"))
    (root / "disk").write_bytes(bytes(max(boot_state.COPIES) + boot_state.SECTOR))
    disk = boot_state.Disk(str(root / "disk"))
    disk.write(boot_state.BootState(order=("B", "A"), **state))
    disk.close()
    for name in ("rauc", "systemctl"):
        program(root / "bin" / name, f'#!/bin/sh\necho "{name} $*" >>{root}/calls\n')
    program(root / "opt/hutch/current/bin/hutch", f"#!/bin/sh\nBOOT={START}\n{checks}\n")
    moved(root, "boot-state", {"/run/hutch": f"{root}/run/hutch", "#!/usr/bin/python3": f"#!{sys.executable}"})
    places = {f"{place}/": f"{root}{place}/" for place in ("/data", "/opt/hutch", "/usr/lib/hutch", "/etc")}
    places |= {"/proc/cmdline": f"{root}/proc/cmdline", "PATH=/usr/sbin": f"PATH={root}/bin:/usr/sbin"}
    moved(root, "boot-check", places)
    return Slots(root)


def program(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


def moved(root: Path, name: str, places: dict[str, str]) -> None:
    """A program of the overlay, below the folder."""
    text = (PROGRAMS / name).read_text()
    for place, there in places.items():
        assert place in text
        text = text.replace(place, there)
    program(root / "usr/lib/hutch" / name, text)


def test_a_slot_whose_checks_are_through_is_kept(tmp_path: Path) -> None:
    device = a_device(tmp_path, HEALTHY)
    assert device.check() == 0
    assert device.calls == ["rauc status mark-good"]


def test_a_new_slot_that_fails_gives_way(tmp_path: Path) -> None:
    device = a_device(tmp_path, ILL)
    device.check()
    assert device.calls == ["systemctl --no-block reboot"]
    assert device.state() | {"generation": 0} == {
        "generation": 0, "order": ["B", "A"], "left": [3, 0], "last_good": "A", "primary": "A",
    }  # fmt: skip
    assert device.verdict == {"boot_id": START}


def test_a_slot_that_has_worked_before_goes_on(tmp_path: Path) -> None:
    """A full disk is as full in the other slot, which is older."""
    device = a_device(tmp_path, ILL, last_good="B")
    before = device.state()
    assert device.check() == 1
    assert (device.calls, device.state()) == ([], before)


@pytest.mark.parametrize("old", ["", '{"ok":true,"boot_id":"another"}'], ids=["none", "of another start"])
def test_a_program_that_cannot_check_leaves_a_reason_all_the_same(tmp_path: Path, old: str) -> None:
    device = a_device(tmp_path, SPEECHLESS)
    if old:
        (tmp_path / "data/hutch-boot/verdict.json").write_text(old)
    device.check()
    assert device.verdict | {"at": "", "checks": ""} == {
        "ok": False, "version": "9.0.1", "boot_id": START, "at": "", "checks": "",
    }  # fmt: skip
    assert "could not be run" in str(device.verdict["checks"])
    assert device.calls == ["systemctl --no-block reboot"]
