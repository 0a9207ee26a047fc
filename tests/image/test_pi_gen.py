"""The stage for people who build with pi-gen makes a device of a Debian system."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest

from appliance.version import VERSION
from image.build.accounts import ACCOUNTS
from image.build.lists import entries
from image.build.main import Where, recipe
from tests.image.conftest import CACHE, KEYS, ROOT
from tests.image.pi_gen import STAGE, PiGen

UNITS = ("hutch.service", "hutch-agents.service", "hutch-agents.socket")


@pytest.fixture(scope="module")
def made() -> Iterator[PiGen]:
    """The system after the stage."""
    work = CACHE / "pi-gen"
    shutil.rmtree(work, ignore_errors=True)
    whole = recipe(Where(CACHE, KEYS, ROOT / "dist"), release=False)
    pi_gen = PiGen(work, whole.debian.folder / "root.tar", whole.sources, whole.wheel)
    try:
        pi_gen.run_stage()
        yield pi_gen
    finally:
        pi_gen.remove()


def test_its_packages_are_installed(made: PiGen) -> None:
    wanted = {name for number in ("00", "01") for name in entries(STAGE / f"00-hutch/{number}-packages-nr")}
    assert wanted <= made.installed()


def test_its_programs_run(made: PiGen) -> None:
    assert VERSION in made.inside("/usr/local/bin/hutch", "--version")
    assert made.inside("/usr/local/bin/node", "--version").startswith("v2")
    assert re.match(r"\d+\.", made.inside("/opt/hutch/bin/npm", "--version"))
    assert made.inside("/opt/hutch/bin/python", "-c", "import systemd.daemon; print(systemd.daemon.__name__)").strip()


def test_its_units_start_and_name_programs_that_are_there(made: PiGen) -> None:
    enabled = {link.name for link in (made.root / "etc/systemd/system").rglob("*.wants/*")}
    assert {*UNITS, "hutch-setup-code.service", "hutch-setup-code.path"} <= enabled
    for unit in UNITS[:2]:
        text = (made.root / "usr/lib/systemd/system" / unit).read_text()
        started = re.findall(r"^ExecStart=(\S+)", text, re.MULTILINE)
        assert started
        for program in started:
            assert made.inside("test", "-x", program) == ""


def test_it_has_the_accounts_and_what_is_said_of_them(made: PiGen) -> None:
    passwd = (made.root / "etc/passwd").read_text()
    assert all(re.search(rf"^{account.name}:", passwd, re.MULTILINE) for account in ACCOUNTS)
    for name in (
        "lib/tmpfiles.d/hutch.conf",
        "share/dbus-1/system.d/hutch.conf",
        "share/polkit-1/rules.d/50-hutch.rules",
    ):
        assert (made.root / "usr" / name).is_file()


def test_it_has_the_overlay_but_for_what_is_about_slots(made: PiGen) -> None:
    names = (STAGE / "00-hutch/files/overlay.list").read_text().split()
    assert names
    for name in names:
        there = (made.root / name).stat()
        assert (there.st_uid, there.st_mode & 0o022) == (0, 0)
    assert not (made.root / "usr/lib/hutch/boot-state").exists()
