"""`make bench`: Hutch beside its peers in one run; prints the tables, keeps them as JSON and in docs/performance.md.

Rounds are interleaved, so a busy moment of the machine falls on every peer. Only loopback; a peer that cannot be
driven is shown with its reason and takes nothing from the others.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import load, measure
from bench.peers.cloudcli import Cloudcli
from bench.peers.floors import AiohttpFloor, RawPtyFloor
from bench.peers.hutch import Hutch
from bench.peers.opencode import Opencode
from bench.peers.peer import Peer
from bench.peers.terminado import Terminado
from bench.peers.ttyd import Ttyd
from bench.peers.wetty import Wetty
from bench.processes import pss_mib
from bench.results import Results, Row, as_table, machine, write_json, write_page
from bench.running import FAILURES, PAGES, in_scratch, parser, tell, words
from bench.spread import Spread

PAGE = PAGES / "performance.md"
PARTS = ("echo", "flood", "idle", "load")
SLOW_RATE = 64 * 1024
"""Bytes a second that the slow viewer takes."""
MANY = 10


@dataclass(slots=True)
class Bout:
    """One peer in this run, and what was found so far."""

    peer: Peer
    row: Row
    keys: list[float] = field(default_factory=list)
    floods: list[measure.Flood] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """Whether the peer is still driven."""
        return not self.row.note

    def close(self) -> None:
        """Turn the samples into the row."""
        if self.keys:
            self.row.echo = Spread.of(self.keys)
        if self.floods:
            self.row.flood_seconds = statistics.median(flood.seconds for flood in self.floods)
            self.row.flood_complete = all(flood.complete for flood in self.floods)


def make_peers(folder: Path, hutch: Path, wanted: Sequence[str]) -> list[Peer]:
    """The table of peers, in the order they are shown; only the wanted ones where some are named."""
    table: list[tuple[str, Callable[[Path], Peer]]] = [
        (RawPtyFloor.name, RawPtyFloor),
        (AiohttpFloor.name, AiohttpFloor),
        (Hutch.name, lambda place: Hutch(place, hutch)),
        (Ttyd.name, Ttyd),
        (Terminado.name, Terminado),
        (Wetty.name, Wetty),
        (Cloudcli.name, Cloudcli),
        (Opencode.name, Opencode),
    ]
    return [make(folder / name.replace(" ", "-")) for name, make in table if not wanted or name in wanted]


def _reason(error: BaseException) -> str:
    return str(error).replace("|", "/").splitlines()[0] if str(error) else type(error).__name__


async def _start(bout: Bout) -> None:
    try:
        async with asyncio.timeout(90):
            await bout.peer.start()
        bout.row.idle_mib = pss_mib(bout.peer.processes()) or None
    except FAILURES as error:
        bout.row.note = _reason(error)
    tell(f"  {bout.peer.name}: {bout.row.note or 'started'}")


async def _echo_round(bout: Bout, keys: int) -> None:
    terminal = await bout.peer.open()
    try:
        await measure.start_cat(terminal)
        await measure.echo(terminal, 20)
        bout.keys += await measure.echo(terminal, keys)
    finally:
        await terminal.close()


async def _flood_round(bout: Bout) -> None:
    terminal = await bout.peer.open()
    try:
        bout.floods.append(await measure.flood(terminal))
    finally:
        await terminal.close()


async def _rounds(bouts: Sequence[Bout], options: argparse.Namespace) -> None:
    for number in range(options.rounds):
        tell(f"round {number + 1} of {options.rounds}")
        for bout in bouts:
            if not bout.alive:
                continue
            try:
                if "echo" in options.only:
                    await _echo_round(bout, options.keys // options.rounds)
                if "flood" in options.only:
                    await _flood_round(bout)
            except FAILURES as error:
                bout.row.note = _reason(error)
                tell(f"  {bout.peer.name}: {bout.row.note}")


async def _stop(peer: Peer, results: Results) -> None:
    try:
        await peer.stop()
    except FAILURES as error:
        results.notes.append(f"{peer.name} did not stop cleanly: {_reason(error)}")


async def _hutch_alone(folder: Path, options: argparse.Namespace, results: Results) -> None:
    """What only Hutch promises, on a fresh daemon each, with nothing else running."""
    parts = [("idle", _idle), ("load", _beside), ("load", _many)]
    for number, (part, measure_part) in enumerate(parts):
        if part not in options.only:
            continue
        tell(f"hutch alone: {measure_part.__name__.strip('_')}")
        hutch = Hutch(folder / f"hutch-{number}", options.hutch)
        try:
            await hutch.start()
            await measure_part(hutch, results)
        except FAILURES as error:
            results.notes.append(f"Not measured ({measure_part.__name__.strip('_')}): {_reason(error)}")
            tell(results.notes[-1])
        finally:
            await _stop(hutch, results)


async def _idle(hutch: Hutch, results: Results) -> None:
    results.idle = await load.idle(hutch)


async def _beside(hutch: Hutch, results: Results) -> None:
    results.beside = await load.beside(hutch, SLOW_RATE, 100)


async def _many(hutch: Hutch, results: Results) -> None:
    results.many_growth_mib, seconds = await load.many_viewers(hutch, MANY)
    results.notes.append(f"{MANY} viewers of one flood all had the last screen after {seconds:.1f} s.")


async def run(options: argparse.Namespace, folder: Path) -> Results:
    """The whole run."""
    peers = make_peers(folder, options.hutch, options.peers)
    bouts = [Bout(peer, Row(peer.name, peer.survives)) for peer in peers]
    results = Results([bout.row for bout in bouts], machine=machine())
    measure.flood_bytes()
    tell("starting the peers")
    try:
        for bout in bouts:
            await _start(bout)
        await _rounds(bouts, options)
    finally:
        for bout in bouts:
            bout.close()
            await _stop(bout.peer, results)
    if any(peer.name == "hutch" for peer in peers):
        await _hutch_alone(folder, options, results)
    return results


def arguments() -> argparse.Namespace:
    """The command line."""
    options = parser("make bench", "Measure Hutch beside its peers.", PARTS)
    options.add_argument("--peers", type=words, default=[], help="names as the table shows them")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--keys", type=int, default=300, help="keys for each peer, over all rounds")
    return options.parse_args()


def main() -> None:
    """Run, print, keep."""
    options = arguments()
    results = in_scratch(lambda folder: run(options, folder))
    sys.stdout.write(as_table(results) + "\n")
    tell(f"kept in {write_json(results, options.results)}")
    if not options.peers and set(options.only) == set(PARTS):
        write_page(results, PAGE)


if __name__ == "__main__":
    main()
