"""What the benches have in common around their measurements: the command line, a folder to throw away, what is said."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import aiohttp

from bench.processes import PeerFailed

ROOT = Path(__file__).parent
PAGES = ROOT.parent / "docs"
FAILURES = (PeerFailed, RuntimeError, TimeoutError, OSError, aiohttp.ClientError)
"""What a peer that cannot be driven ends in; it is told, and the others go on."""
_Found = TypeVar("_Found")


def tell(text: str) -> None:
    """Say what is being done; the tables alone go to standard output."""
    sys.stderr.write(f"{text}\n")


def parser(prog: str, description: str, parts: Sequence[str]) -> argparse.ArgumentParser:
    """The options that every bench has."""
    made = argparse.ArgumentParser(prog=prog, description=description)
    made.add_argument("--only", type=words, default=parts, help=f"some of {','.join(parts)}")
    made.add_argument("--hutch", type=Path, default=ROOT / ".peers" / "hutch" / "bin" / "hutch")
    made.add_argument("--results", type=Path, default=ROOT / "results")
    return made


def words(text: str) -> list[str]:
    """An option that takes several words."""
    return text.split(",")


def in_scratch(run: Callable[[Path], Awaitable[_Found]]) -> _Found:
    """Run with a folder that is gone afterwards."""

    async def whole() -> _Found:
        return await run(folder)

    folder = Path(tempfile.mkdtemp(prefix="hutch-bench."))
    try:
        return asyncio.run(whole())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
