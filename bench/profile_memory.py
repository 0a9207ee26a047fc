"""What costs memory: the groups of imports of a device, one after the other, then its own packages and the whole.

``python -m bench.profile_memory [PYTHON]`` runs each measurement in a fresh interpreter (that of the benches'
environment unless another is given), plain and with ``-OO``. Proportional set size, MiB; a library that other programs
have loaded too counts only in part.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.processes import clean_environment

GROUPS: tuple[tuple[str, str], ...] = (
    ("interpreter", "pass"),
    ("asyncio, ssl", "import asyncio, ssl"),
    ("aiohttp.web", "import aiohttp.web"),
    ("pydantic", "from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, SecretStr, JsonValue"),
    ("jinja2", "import aiohttp_jinja2"),
    ("psutil", "import psutil"),
    ("sqlalchemy core", "import sqlalchemy"),
    ("sqlite engine", "import foundation.store.engine, aiosqlite"),
    ("structlog", "import structlog"),
    ("argon2, segno, prometheus", "import argon2, segno, prometheus_client"),
    ("websockets", "import websockets.asyncio.client"),
    ("protocol", "import protocol.commands, protocol.events, protocol.terminal, protocol.frames"),
    ("gateway", "import gateway.sessions.manager, gateway.hub_link.link, gateway.accounts.accounts"),
    ("webui", "import webui.server"),
    ("appliance", "import appliance.bootstrap, appliance.cli.main"),
)
PRELUDE = r"""
import re

def _pss():
    with open("/proc/self/smaps_rollup") as file:
        return int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1])
"""
LINE = re.compile(r"^(\d+)$", re.MULTILINE)


def profile(python: Path, flags: Sequence[str]) -> list[float]:
    """MiB after each group, in one interpreter; the first run fills the bytecode cache and is thrown away."""
    code = PRELUDE + "\n".join(f"{statement}\nprint(_pss())" for _, statement in GROUPS)
    command = [str(python), *flags, "-c", code]
    subprocess.run(command, env=clean_environment(), capture_output=True, check=True)
    output = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=True).stdout
    return [int(number) / 1024 for number in LINE.findall(output)]


def table(columns: dict[str, list[float]]) -> str:
    """Growth by group for each column, and the sums."""
    lines = [f"{'MiB':<28}" + "".join(f"{name:>18}" for name in columns)]
    for index, (title, _) in enumerate(GROUPS):
        cells = ""
        for sums in columns.values():
            before = sums[index - 1] if index else 0.0
            cells += f"{sums[index] - before:>9.1f}{sums[index]:>9.1f}"
        lines.append(f"{title:<28}{cells}")
    return "\n".join(lines)


def main() -> int:
    """Print the table; 1 with the reason when a group cannot be imported."""
    default = Path(__file__).parent / ".peers" / "hutch" / "bin" / "python"
    python = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    try:
        columns = {"plain": profile(python, ()), "-OO": profile(python, ("-OO",))}
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{error.stderr if isinstance(error.stderr, str) else error.stderr.decode()}\n")
        return 1
    sys.stdout.write(table(columns) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
