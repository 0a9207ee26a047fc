"""``python -m bench.image.run IMAGE``: one JSON with what the image costs. tools/bench-image.sh builds it first."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.image.blocks import fetched
from bench.image.times import Times
from bench.image.without import image_without_hutch
from image.build.keys import Keys
from image.build.python_tree import SITE
from tests.image.bases import Bases
from tests.image.bundles import Bundles, Slot, changed_root, slot_of

MB = 1_000_000


def sizes(image: Path, root: Path, plain: Path) -> dict[str, float]:
    """The files of a release, and the root filesystem beside the same Debian without Hutch, in MB."""
    kinds = {
        "image": image.with_suffix(".img.zst"),
        "bundle": image.with_suffix(".raucb"),
        "root": root,
        "root without Hutch": plain,
    }
    found = {name: round(file.stat().st_size / MB, 1) for name, file in kinds.items()}
    return {**found, "root ratio": round(found["root"] / found["root without Hutch"], 3)}


def update_of_one_file(old: Slot, work: Path) -> dict[str, float]:
    """Bytes that a device fetches after one file of the daemon changed, beside the whole root filesystem."""

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


def main(words: Sequence[str]) -> int:
    """Measure, and print one JSON."""
    parser = argparse.ArgumentParser(prog="make bench-image")
    parser.add_argument("image", type=Path)
    parser.add_argument("u_boot", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="where the tests of the image keep what they made")
    parser.add_argument("--keys", type=Path, required=True, help="the keys that the image trusts")
    chosen = parser.parse_args(words)
    work: Path = chosen.work / "bench"
    work.mkdir(parents=True, exist_ok=True)
    slot = slot_of(chosen.image, work)
    plain = image_without_hutch(chosen.image, slot, work)
    bundles = Bundles(chosen.image, chosen.work, Keys(chosen.keys, release=False))
    times = Times(Bases(chosen.image, chosen.u_boot, chosen.work), bundles, work)
    load = os.getloadavg()[0]
    found = {
        "load at the begin": round(load, 1),
        "megabytes": sizes(chosen.image, slot.root, plain.root),
        "one file changed, megabytes": update_of_one_file(slot, work),
        "seconds to the page": times.starts(plain.disk),
        "seconds of an update": times.update(),
        "seconds of an update that is taken back": times.rollback(),
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
