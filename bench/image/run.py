"""``python -m bench.image.run IMAGE``: one JSON with what the image costs. tools/bench-image.sh builds it first."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.image.blocks import fetched
from image.build.python_tree import SITE
from tests.image.bundles import changed_root, slot_of
from tests.image.machine import Machine, card, overlay
from tests.image.page import Page

MB = 1_000_000
PAGE_SECONDS = 900


def sizes(image: Path) -> dict[str, float]:
    """The files of a release, in MB."""
    kinds = {"image": image.with_suffix(".img.zst"), "bundle": image.with_suffix(".raucb")}
    return {name: round(file.stat().st_size / MB, 1) for name, file in kinds.items()}


def update_of_one_file(image: Path, work: Path) -> dict[str, float]:
    """Bytes that a device fetches after one file of the daemon changed, beside the whole root filesystem."""
    old = slot_of(image, work)

    def again(root: Path) -> None:
        (root / SITE).stat()

    def change(root: Path) -> None:
        with (root / SITE / "gateway/sessions/ring.py").open("a") as opened:
            opened.write("# changed\n")

    # Both are packed here, so that only the change lies between them.
    before = changed_root(old, work / "before.img", "0", again).root
    after = changed_root(old, work / "after.img", "0", change).root
    whole, part = after.stat().st_size, fetched(before, after)
    return {"whole": round(whole / MB, 1), "fetched": round(part / MB, 1), "ratio": round(part / whole, 4)}


def start(image: Path, work: Path, u_boot: Path) -> dict[str, float]:
    """Seconds from power on to the page, the first time and the second, in QEMU's virt."""
    base = card(image, work / "card.img", "8G")
    machine = Machine(work, overlay(base, work / "disk.qcow2"), u_boot)
    page = Page(machine)
    found = {}
    try:
        for name in ("first", "second"):
            machine.start()
            found[name] = round(page.wait(PAGE_SECONDS), 1)
            # The first start still writes; a cut here would measure a repair.
            settle(lambda: machine.said("login:"))
            machine.cut_power()
    finally:
        machine.cut_power()
    return found


def settle(reached: Callable[[], bool]) -> None:
    """Wait for a state of the machine, some minutes at most."""
    until = time.monotonic() + PAGE_SECONDS
    while not reached() and time.monotonic() < until:
        time.sleep(1)


def main(words: Sequence[str]) -> int:
    """Measure, and print one JSON."""
    parser = argparse.ArgumentParser(prog="make bench-image")
    parser.add_argument("image", type=Path)
    parser.add_argument("u_boot", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    chosen = parser.parse_args(words)
    chosen.work.mkdir(parents=True, exist_ok=True)
    found = {
        "megabytes": sizes(chosen.image),
        "one file changed, megabytes": update_of_one_file(chosen.image, chosen.work),
        "seconds to the page": start(chosen.image, chosen.work, chosen.u_boot),
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
