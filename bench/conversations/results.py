"""What a run found, the targets it is held against, and the page both are written to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.conversations.opencode_api import Asked
from bench.conversations.search import Searched
from bench.conversations.talk import Talked
from bench.results import LAST_RUN, Target

DELTA_MS, OVERHEAD_PERCENT, IDLE_MIB, SEARCH_TIMES = 20.0, 10.0, 1.0, 2.0


@dataclass(slots=True)
class Found:
    """Everything one run found; what was not measured is empty, and a note says why."""

    talked: list[Talked] = field(default_factory=list)
    idle_mib: float | None = None
    searched: Searched | None = None
    asked: list[Asked] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    machine: dict[str, str] = field(default_factory=dict)


def targets(found: Found) -> list[Target]:
    """The promises; a worst case over the CLIs."""
    deltas = [one.delta.p50 for one in found.talked]
    overheads = [one.turn.longer for one in found.talked]
    search = found.searched
    return [
        Target("delta from the model to the browser, p50, the slowest CLI", _most(deltas), DELTA_MS, "ms"),
        Target(
            "turn through Hutch, longer than by the CLI alone, the worst CLI", _most(overheads), OVERHEAD_PERCENT, "%"
        ),
        Target("daemon's memory for an idle conversation", found.idle_mib, IDLE_MIB, "MiB"),
        Target(
            "search over 10,000 messages, times SQLite's bare query",
            search.ours / search.bare if search else None,
            SEARCH_TIMES,
            "x",
        ),
    ]


def _most(values: Sequence[float]) -> float | None:
    return max(values) if values else None


def as_page(found: Found) -> str:
    """The tables, in Markdown."""
    blocks = [
        "".join(f"{name}: {value}  \n" for name, value in found.machine.items()).rstrip(),
        _table(
            ("promise", "found", "allowed", ""),
            [(one.title, _found(one), f"{one.limit:g} {one.unit}", one.verdict) for one in targets(found)],
        ),
    ]
    if found.talked:
        columns = (
            "CLI",
            "delta p50 ms",
            "p99 ms",
            "alone p50 ms",
            "p99 ms",
            "turn ms",
            "alone ms",
            "longer by %",
            "instant ms",
            "alone ms",
        )
        blocks.append(_table(columns, [_talked(one) for one in found.talked]))
    if found.asked:
        lists = ("OpenCode API", "GET /session first ms", "next ms")
        head = (*lists, "first message ms", "next ms", "first after 3 s of writing ms")
        blocks.append(_table(head, [_asked(one) for one in found.asked]))
    if found.searched:
        one = found.searched
        blocks.append(
            f"Search, the middle of 40: {one.bare:.2f} ms bare, {one.ours:.2f} ms in the daemon's code, "
            f"{one.rest:.2f} ms over REST with the conversations."
        )
    return "\n\n".join([*blocks, *found.notes]) + "\n"


def _found(target: Target) -> str:
    return "" if target.value is None else f"{target.value:.2f} {target.unit}"


def _talked(one: Talked) -> tuple[str, ...]:
    deltas = (one.delta.p50, one.delta.p99, one.delta_direct.p50, one.delta_direct.p99)
    turns = (one.turn.ours, one.turn.alone, one.turn.longer, one.instant.ours, one.instant.alone)
    return (one.cli, *(f"{number:.1f}" for number in (*deltas, *turns)))


def _asked(one: Asked) -> tuple[str, ...]:
    messages = (one.message_first, one.message_next, one.message_written)
    return (one.name, *(f"{n:.1f}" for n in (one.list_first, one.list_next, *messages)))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_page(found: Found, page: Path) -> None:
    """Put the tables of a whole run at the end of the page, in place of those of the last one."""
    kept, mark, _ = page.read_text().partition(LAST_RUN)
    if not mark:
        raise ValueError(f"{page} has no line {LAST_RUN!r}")
    page.write_text(f"{kept}{LAST_RUN}\n{as_page(found)}")


def write_json(found: Found, folder: Path) -> Path:
    """Keep the run as JSON; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"conversations-{found.machine['at'].replace(':', '').replace('+0000', 'Z')}.json"
    path.write_text(json.dumps(asdict(found), indent=2) + "\n")
    return path
