"""States of a card at the moments when the power could go, taken from machines that run on.

QEMU puts a new, empty layer over the disk (``blockdev-snapshot-sync``): the layers below it are from then on what the
card would hold had the power gone at that moment, without what the machine's memory had not written yet. A run gives
as many such states as one likes; each is then started by itself.
"""

from __future__ import annotations

import json
import random
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from tests.image.machine import Machine
from tests.image.qmp import Qmp

_MOST = 150
"""Layers over each other."""


@dataclass(frozen=True)
class State:
    """A card as it was ``seconds`` after the begin; ``writes`` is how often the machine had written to it by then."""

    card: Path
    seconds: float
    writes: int


class Recorder:
    """Takes states of a running machine, at moments that ``chance`` chooses, while inside."""

    def __init__(self, machine: Machine, chance: random.Random, every: float) -> None:
        self._machine = machine
        self._chance = chance
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._began = time.monotonic()
        self.states: list[State] = []
        self.error: Exception | None = None

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        if self.error is not None and error is None:
            raise self.error

    def _run(self) -> None:
        try:
            while len(self.states) < _MOST and not self._over.wait(self._chance.expovariate(1 / self._every)):
                self._take()
        except Exception as error:  # told to the test, when it leaves
            self.error = error

    def _take(self) -> None:
        with Qmp(self._machine.qmp) as qmp:
            writes = _writes(qmp)
            # Where nothing was written, the card is as it was.
            if self.states and writes == self.states[-1].writes:
                return
            below = self._machine.disk
            above = below.with_name(f"{below.name.partition('.')[0]}.{len(self.states):03}.qcow2")
            qmp.ask("blockdev-snapshot-sync", device="disk", format="qcow2", **{"snapshot-file": str(above)})
            self.states.append(State(below, round(time.monotonic() - self._began, 1), writes))
            self._machine.disk = above


def _writes(qmp: Qmp) -> int:
    found = qmp.ask("query-blockstats")
    assert isinstance(found, list)
    return sum(int(one["stats"]["wr_operations"]) for one in found if one.get("device") == "disk")


def spread(states: list[State], count: int, chance: random.Random) -> list[State]:
    """Some of the states, one from each part of them; some twice where there are fewer than that."""
    assert states
    return [states[int((number + chance.random()) * len(states) / count)] for number in range(count)]


def write(folder: Path, states: list[State]) -> None:
    """Keep what was chosen."""
    lines = [json.dumps({**asdict(state), "card": str(state.card)}) for state in states]
    (folder / "states.jsonl").write_text("\n".join(lines) + "\n")


def read(folder: Path) -> list[State]:
    """What was chosen."""
    found = [json.loads(line) for line in (folder / "states.jsonl").read_text().splitlines()]
    return [State(Path(one["card"]), one["seconds"], one["writes"]) for one in found]
