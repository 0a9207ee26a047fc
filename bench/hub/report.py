"""The tables of a run, and the targets it is held against."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.hub.processes import Found
from bench.hub.scenarios import FEW, FULL, Size

LAST_RUN = "## The last run\n"
Run = dict[tuple[str, str], Found]
"""What was found, by scenario and server."""


@dataclass(frozen=True, slots=True)
class Target:
    """A promise about the hub."""

    title: str
    scenario: str
    key: str
    limit: float
    unit: str
    at_least: bool = False
    server: str = "hub"

    def line(self, run: Run) -> str:
        """Its row in the table."""
        value = run.get((self.scenario, self.server), {}).get(self.key)
        sign = "at least" if self.at_least else "at most"
        if value is None:
            return f"| {self.title} | | {sign} {self.limit:,.0f} {self.unit} | not measured |"
        met = value >= self.limit if self.at_least else value <= self.limit
        verdict = "met" if met else "MISSED"
        return f"| {self.title} | {value:,.1f} {self.unit} | {sign} {self.limit:,.0f} {self.unit} | {verdict} |"


TARGETS = (
    Target("idle devices: memory of each", "idle", "kib", 20, "KiB"),
    Target("idle devices: CPU of all, of one core", "idle", "cpu", 12, "%"),
    Target("command round trips", "calls", "per_second", 9000, "/s", at_least=True),
    Target("1,000 terminals at 20 KB/s: CPU, of one core", "terminals", "cpu", 60, "%"),
    Target("1,000 terminals at 20 KB/s: p99", "terminals", "p99", 100, "ms"),
    Target("frames of 16 KiB: most", "most", "megabytes", 300, "MB/s", at_least=True),
    Target("reconnect storm in 15 s: devices lost", "storm", "lost", 0, ""),
    Target("reconnect storm: the last one is there after", "storm", "seconds", 18, "s"),
    Target("key to echo through the hub, over the direct one: p50", "echo", "over", 3, "ms", server="whole"),
)
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "idle": (("kib", "KiB each"), ("cpu", "CPU %")),
    "storm": (("lost", "lost"), ("seconds", "seconds"), ("cpu", "CPU %")),
    "calls": (("per_second", "per second"), ("p50", "p50 ms"), ("p99", "p99 ms"), ("cpu", "CPU %")),
    "terminals": (("megabytes", "MB/s"), ("p50", "p50 ms"), ("p99", "p99 ms"), ("cpu", "CPU %")),
    "most": (("megabytes", "MB/s"), ("p50", "p50 ms"), ("p99", "p99 ms"), ("cpu", "CPU %")),
    "echo": (
        ("p50", "p50 ms"),
        ("p99", "p99 ms"),
        ("direct", "direct p50 ms"),
        ("direct_p99", "direct p99 ms"),
        ("over", "over the direct one ms"),
    ),
}
COLUMNS |= {f"whole-{name}": COLUMNS[name] for name in ("idle", "calls", "terminals")}
TITLES = {
    "idle": "Idle devices, 400 bytes of health each 30 s",
    "storm": "Reconnects within 15 s",
    "calls": "Commands and answers, 64 in flight over 100 devices",
    "terminals": "1,000 terminals, 20 KB/s each in frames of 1 KB",
    "most": "200 terminals, as much as goes, frames of 16 KiB",
    "echo": "From a key to its echo, through a hub and a real device, and at the device itself, turn by turn",
    "whole-idle": f"The whole hub: {FEW:,} idle devices",
    "whole-calls": "The whole hub: commands over REST, 64 in flight; the core alone is asked without REST",
    "whole-terminals": "The whole hub: 200 terminals, 20 KB/s each in frames of 1 KB",
}
NAMES = {"hub": "hub", "whole": "whole hub", "raw": "raw relay (uvloop)", "nats": "nats-server"}


def as_text(run: Run, size: Size) -> str:
    """The whole report, as Markdown."""
    for found in run.values():
        if found.get("bytes_per_second") is not None:
            found["megabytes"] = (found["bytes_per_second"] or 0) / 1e6
    lines = [f"{key}: {value}  " for key, value in machine(size).items()]
    lines += ["", "| promise | found | allowed | |", "|---|---|---|---|"]
    lines += [target.line(run) for target in TARGETS]
    for scenario, columns in COLUMNS.items():
        rows = [(server, found) for (name, server), found in run.items() if name == scenario]
        if rows:
            lines += ["", f"**{TITLES[scenario]}**", "", f"| | {' | '.join(title for _, title in columns)} |"]
            lines += ["|---" * (len(columns) + 1) + "|"]
            lines += [
                f"| {NAMES[server]} | {' | '.join(_cell(found, key) for key, _ in columns)} |" for server, found in rows
            ]
    return "\n".join(lines)


def machine(size: Size) -> dict[str, str]:
    """Where and how large."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "python": f"{platform.python_version()} with uvloop",
        "devices": f"{size.devices:,}",
    }


def write_page(text: str, size: Size, page: Path) -> None:
    """Put a whole run at the end of the page, in place of the last one. Raises ValueError without its heading."""
    if size != FULL:
        return
    kept, mark, _ = page.read_text().partition(LAST_RUN)
    if not mark:
        raise ValueError(f"{page} has no line {LAST_RUN!r}")
    page.write_text(f"{kept}{LAST_RUN}\n{text}\n")


def _row(server: str, found: Found, columns: tuple[tuple[str, str], ...]) -> str:
    return f"| {NAMES[server]} | {' | '.join(_cell(found, key) for key, _ in columns)} |"


def _cell(found: Found, key: str) -> str:
    value = found.get(key)
    return "" if value is None else f"{value:,.1f}"
