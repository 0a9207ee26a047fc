"""What a run found, the targets it is held against, and how both are printed."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from bench.load import Beside, Idle
from bench.spread import Spread

FLOOR = "aiohttp + PTY"
LAST_RUN = "## The last run\n"
"""The heading in docs/performance.md below which a whole run puts its tables."""
COLUMNS = (
    *("path", "echo p50 ms", "p99 ms", "x floor", "flood s", "x floor", "complete"),
    *("server PSS MiB", "keeps sessions", "note"),
)


@dataclass(slots=True)
class Row:
    """One peer. What was not measured is None, and ``note`` says why."""

    name: str
    survives: bool
    echo: Spread | None = None
    flood_seconds: float | None = None
    flood_complete: bool | None = None
    idle_mib: float | None = None
    note: str = ""


@dataclass(slots=True)
class Results:
    """Everything one run found."""

    rows: list[Row]
    idle: Idle | None = None
    beside: Beside | None = None
    many_growth_mib: float | None = None
    notes: list[str] = field(default_factory=list)
    machine: dict[str, str] = field(default_factory=dict)

    def row(self, name: str) -> Row | None:
        """The row of a peer."""
        return next((row for row in self.rows if row.name == name), None)


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: what it is, what was found, what is allowed; ``value`` None when it was not measured."""

    title: str
    value: float | None
    limit: float
    unit: str

    @property
    def verdict(self) -> str:
        """met, missed or not measured."""
        if self.value is None:
            return "not measured"
        return "met" if self.value <= self.limit else "MISSED"


T = TypeVar("T")


def _of(thing: T | None, read: Callable[[T], float | None]) -> float | None:
    return None if thing is None else read(thing)


def targets(results: Results) -> list[Target]:
    """The promises of docs/performance.md, in its order."""
    hutch, floor = results.row("hutch"), results.row(FLOOR)
    rivals = [row.echo.p50 for row in results.rows if row.survives and row is not hutch and row.echo]
    best_rival = min(rivals, default=None)
    beside, idle = results.beside, results.idle
    return [
        Target(
            "key to echo p50, times aiohttp over its own PTY",
            _ratio(_p50(hutch), _p50(floor)),
            1.3,
            "x",
        ),
        Target(
            "key to echo p50, times the best peer that keeps sessions",
            _ratio(_p50(hutch), best_rival),
            1.0,
            "x",
        ),
        Target("key to echo p99, times our p50", _ratio(_p99(hutch), _p50(hutch)), 2.5, "x"),
        Target(
            "flood to a fast viewer, times aiohttp over its own PTY", _ratio(_flood(hutch), _flood(floor)), 1.5, "x"
        ),
        Target("bytes lost by a fast viewer (1 = some)", _of(hutch, lambda row: _lost(row.flood_complete)), 0, ""),
        Target("slow viewer: last screen after the flood's end", _of(beside, lambda b: b.slow_lag_seconds), 1.0, "s"),
        Target("growth of daemon and tmux during floods", _of(beside, lambda b: b.growth_mib), 16, "MiB"),
        Target(
            "another session's echo p50 meanwhile, times before",
            _of(beside, _slowdown),
            2.0,
            "x",
        ),
        Target("daemon with 5 idle sessions, tmux included", _of(idle, lambda i: i.pss_mib), 70, "MiB"),
        Target("CPU of the same, of one core", _of(idle, lambda i: i.cpu_percent), 1.0, "%"),
        Target("growth with ten viewers on one flood", results.many_growth_mib, 16, "MiB"),
    ]


def _p50(row: Row | None) -> float | None:
    return row.echo.p50 if row and row.echo else None


def _p99(row: Row | None) -> float | None:
    return row.echo.p99 if row and row.echo else None


def _flood(row: Row | None) -> float | None:
    return row.flood_seconds if row else None


def _slowdown(beside: Beside) -> float:
    return beside.meanwhile.p50 / beside.quiet.p50


def _ratio(value: float | None, base: float | None) -> float | None:
    return value / base if value and base else None


def _lost(complete: bool | None) -> float | None:
    return None if complete is None else float(not complete)


def machine() -> dict[str, str]:
    """The machine and the versions that matter for the numbers."""
    tmux = subprocess.run(["tmux", "-V"], capture_output=True, text=True, check=True).stdout.strip()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": f"{os.cpu_count()} x {_cpu_name()}",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "tmux": tmux,
        "load": " ".join(f"{value:.2f}" for value in os.getloadavg()),
    }


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def as_table(results: Results) -> str:
    """The tables of a run, as Markdown."""
    lines = [f"{key}: {value}  " for key, value in results.machine.items()]
    lines += ["", f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    lines += [_row_line(row, results.row(FLOOR)) for row in results.rows]
    lines += ["", "| promise | found | allowed | |", "|---|---|---|---|"]
    for target in targets(results):
        found = "" if target.value is None else f"{target.value:.2f} {target.unit}"
        lines.append(f"| {target.title} | {found} | {target.limit:g} {target.unit} | {target.verdict} |")
    return "\n".join([*lines, "", *results.notes])


def _row_line(row: Row, floor: Row | None) -> str:
    cells = [
        row.name,
        _number(_p50(row)),
        _number(_p99(row)),
        _number(_ratio(_p50(row), _p50(floor))),
        _number(_flood(row)),
        _number(_ratio(_flood(row), _flood(floor))),
        {True: "yes", False: "NO", None: ""}[row.flood_complete],
        _number(row.idle_mib, 0),
        "yes" if row.survives else "no",
        row.note and f"not measured: {row.note}",
    ]
    return f"| {' | '.join(cells)} |"


def write_page(results: Results, page: Path) -> None:
    """Put the tables of a whole run at the end of docs/performance.md, in place of those of the last one."""
    text = page.read_text()
    kept, mark, _ = text.partition(LAST_RUN)
    if not mark:
        raise ValueError(f"{page} has no line {LAST_RUN!r}")
    page.write_text(f"{kept}{LAST_RUN}\n{as_table(results).rstrip()}\n")


def _number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def write_json(results: Results, folder: Path) -> Path:
    """Keep the run as JSON; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{results.machine['at'].replace(':', '').replace('+0000', 'Z')}.json"
    body = asdict(results) | {"targets": [asdict(target) | {"verdict": target.verdict} for target in targets(results)]}
    path.write_text(json.dumps(body, indent=2) + "\n")
    return path
