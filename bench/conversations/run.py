"""`make bench ARGS=conversations`: what conversations cost; prints the tables and keeps them.

Only loopback, and only the scripted model: what the CLIs do beside talking to it goes to a closed port.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bench.conversations.idle import CLI, idle_mib
from bench.conversations.opencode_api import asked_ours, asked_theirs
from bench.conversations.results import Found, as_page, write_json, write_page
from bench.conversations.rig import Rig, running_rig
from bench.conversations.search import searched
from bench.conversations.talk import talked
from bench.results import machine
from bench.running import FAILURES, PAGES, in_scratch, parser, tell, words
from tests.agents.places import CLIS

PAGE = PAGES / "performance-conversations.md"
PARTS = ("talk", "idle", "search", "opencode")


async def _talk(rig: Rig, found: Found, options: argparse.Namespace, folder: Path) -> None:
    for cli in rig.clis:
        tell(f"  {cli}")
        found.talked.append(await talked(rig, cli, options.turns))


async def _idle(rig: Rig, found: Found, options: argparse.Namespace, folder: Path) -> None:
    found.idle_mib = await idle_mib(rig, options.idle)


async def _search(rig: Rig, found: Found, options: argparse.Namespace, folder: Path) -> None:
    found.searched = await searched(rig)


async def _opencode(rig: Rig, found: Found, options: argparse.Namespace, folder: Path) -> None:
    found.asked.append(await asked_ours(rig))
    found.asked.append(await asked_theirs(rig, folder / "opencode-home"))


Measure = Callable[[Rig, Found, argparse.Namespace, Path], Awaitable[None]]
MEASURES: dict[str, tuple[Measure, Sequence[str] | None]] = {
    "talk": (_talk, None),
    "idle": (_idle, (CLI,)),
    "search": (_search, None),
    "opencode": (_opencode, ("opencode",)),
}
"""Each on a fresh device, with these CLIs or those that were asked for."""


async def run(options: argparse.Namespace, folder: Path) -> Found:
    """The whole run."""
    found = Found(machine=machine())
    for part in options.only:
        measure, clis = MEASURES[part]
        tell(part)
        place = folder / part
        place.mkdir()
        try:
            async with running_rig(place, options.hutch, clis or options.clis) as rig:
                await measure(rig, found, options, place)
        except FAILURES as error:
            found.notes.append(f"Not measured ({part}): {str(error) or type(error).__name__}")
            tell(found.notes[-1])
    return found


def arguments() -> argparse.Namespace:
    """The command line."""
    options = parser("make bench ARGS=conversations", "What conversations cost.", PARTS)
    options.add_argument("--clis", type=words, default=CLIS, help=f"some of {','.join(CLIS)}")
    options.add_argument("--turns", type=int, default=15)
    options.add_argument("--idle", type=int, default=40, help="idle conversations")
    return options.parse_args()


def main() -> None:
    """Run, print, keep."""
    options = arguments()
    found = in_scratch(lambda folder: run(options, folder))
    sys.stdout.write(as_page(found) + "\n")
    tell(f"kept in {write_json(found, options.results)}")
    if set(options.only) == set(PARTS) and tuple(options.clis) == CLIS:
        write_page(found, PAGE)


if __name__ == "__main__":
    main()
