"""The power goes at random moments of the first start, of installing and of committing: the device always comes back.

Most cuts are states of a card (tests/image/cuts.py), each started by itself; one of each kind ends the machine for
real. The report of a run has the moment of each (conftest.py); what a failed test started from stays for a look.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.image import cuts
from tests.image.bases import Bases
from tests.image.box import FIRST_START_SECONDS, START_SECONDS, Box
from tests.image.bundles import Bundles
from tests.image.conftest import CUTS, SEED, WORK, MakeBox, Tell
from tests.image.files import Files
from tests.image.kept import kept
from tests.image.machine import Machine, overlay

FIRST, INSTALLING, COMMITTING = KINDS = ("first", "installing", "committing")
EVERY = {FIRST: 1.0, INSTALLING: 4.0, COMMITTING: 0.5}
"""Seconds between two looks whether something was written, on average: a start writes seldom."""
INSTALL_SECONDS = 1200
NEW = "9.0.1"


def numbers() -> list[tuple[str, int]]:
    """Every cut of this run: its kind, and its number among them."""
    return [(KINDS[number % 3], number // 3) for number in range(CUTS)]


class Runs:
    """One machine for each kind of cut, which runs once and leaves the states that are started afterwards."""

    def __init__(self, bases: Bases, bundles: Bundles) -> None:
        self.bases = bases
        self.bundles = bundles

    def state(self, kind: str, number: int) -> cuts.State:
        """The card of one cut."""
        return cuts.read(self._run(kind))[number]

    def installed(self) -> Path:
        """The card of a device that has an update in place and was not restarted yet: where installing ended."""
        return Path((self._run(INSTALLING) / "end").read_text())

    def _run(self, kind: str) -> Path:
        run = {FIRST: self._first, INSTALLING: self._installing, COMMITTING: self._committing}[kind]
        count = sum(one == kind for one, _ in numbers())

        def make(folder: Path) -> None:
            chance = random.Random(f"{SEED} {kind}")  # noqa: S311 - a test that can be repeated, no secret
            cuts.write(folder, cuts.spread(run(folder, chance), count, chance))

        return kept(WORK / f"{kind}-{SEED}-{count}-{self.bases.name}", make)

    def _box(self, folder: Path, base: Path) -> Box:
        return Box.on(Machine(folder, overlay(base, folder / "card.qcow2"), self.bases.firmware))

    def _first(self, folder: Path, chance: random.Random) -> list[cuts.State]:
        box = self._box(folder, self.bases.flashed)
        try:
            box.machine.start()
            with cuts.Recorder(box.machine, chance, EVERY[FIRST]) as recorder:
                box.arrive(FIRST_START_SECONDS)
                box.settle()
        finally:
            box.power_off()
        return recorder.states

    def _installing(self, folder: Path, chance: random.Random) -> list[cuts.State]:
        box = self._box(folder, self.bases.running.disk)
        files = Files()
        try:
            box.go_on(self.bases.running.memory)
            with cuts.Recorder(box.machine, chance, EVERY[INSTALLING]) as recorder:
                box.page.install(files.url(self.bundles.good()), INSTALL_SECONDS)
            box.guest.sh("sync")
            (folder / "end").write_text(str(box.machine.disk))
        finally:
            box.power_off()
            files.close()
        return recorder.states

    def _committing(self, folder: Path, chance: random.Random) -> list[cuts.State]:
        box = self._box(folder, self.installed())
        try:
            box.machine.start()
            with cuts.Recorder(box.machine, chance, EVERY[COMMITTING]) as recorder:
                box.arrive(START_SECONDS)
                box.settle()
                box.page.log_in()
                box.page.wait_kept(120)
        finally:
            box.power_off()
        return recorder.states


@pytest.fixture
def runs(bases: Bases, bundles: Bundles) -> Runs:
    """The machines that states are taken from."""
    return Runs(bases, bundles)


def judge(box: Box, kind: str) -> str:
    """The power is back: the device starts by itself, works, and has lost nothing. The slot that it came back in."""
    back = box.power_on(FIRST_START_SECONDS if kind == FIRST else START_SECONDS)
    assert back.data
    box.settle()
    state = box.state()
    assert (state["primary"], state["last_good"]) == (back.slot, back.slot)
    assert (back.version == NEW) is (back.slot == "B")
    assert box.guest.verdict().failed == ()
    if kind == FIRST:
        assert back.slot == "A"
        box.claim()
        box.keeps()
        return back.slot
    box.keeps()
    update = box.page.wait_for_phase("idle", "failed", seconds=120)
    if kind == COMMITTING:
        assert (back.slot, update["phase"]) == ("B", "idle"), update
    elif back.slot == "A":
        # What was begun is told as interrupted; before that and before it was written down, there is nothing to tell.
        assert update["phase"] == "idle" or "interrupted" in str(update["problem"]), update
    assert box.page.updates()["rollback"] is None
    return back.slot


@pytest.mark.parametrize(("kind", "number"), numbers(), ids=str)
def test_it_comes_back(make_box: MakeBox, runs: Runs, kind: str, number: int, tell: Tell) -> None:
    state = runs.state(kind, number)
    tell("cut", f"{kind}, {state.seconds} s, after {state.writes} writes, {state.card}")
    tell("came back in", judge(make_box(state.card), kind))


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_back_after_a_real_cut(make_box: MakeBox, runs: Runs, files: Files, kind: str, tell: Tell) -> None:
    bases = runs.bases
    longest = {FIRST: 60.0, INSTALLING: 60.0, COMMITTING: 40.0}
    after = random.Random(f"{SEED} real {kind}").uniform(1, longest[kind])  # noqa: S311 - repeatable, no secret
    tell("cut", f"{kind}, {after:.1f} s")
    if kind == INSTALLING:
        box = make_box(bases.running.disk)
        box.go_on(bases.running.memory)
        box.page.order(files.url(runs.bundles.good()))
    else:
        box = make_box(bases.flashed if kind == FIRST else runs.installed())
        box.machine.start()
    box.machine.cut_power_after(after)
    tell("came back in", judge(box, kind))
