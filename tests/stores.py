"""Empty stores for tests, each a copy of one that was migrated once: a migration is a process of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from foundation.store.migrate import URL_VARIABLE
from foundation.store.schema import Schema
from gateway.store.schema import DEVICE_SCHEMA
from hub.store.schema import HUB_SCHEMA
from tests.postgres import Postgres

_SECONDS = 60


def hub_file_in(folder: Path) -> str:
    """The address of a hub's store in this folder. Blocks."""
    return f"sqlite:///{shutil.copy(_hub_file(), folder / 'hub.db')}"


def device_file_in(folder: Path) -> str:
    """The address of a device's store in this folder. Blocks."""
    return f"sqlite:///{shutil.copy(_device_file(), folder / 'hutch.db')}"


def hub_database_at(server: Postgres) -> str:
    """The address of a hub's store on this server, for one test at a time. Blocks."""
    return server.emptied("hub", lambda url: _migrate(url, HUB_SCHEMA))


@cache
def _hub_file() -> Path:
    return _empty_file(HUB_SCHEMA)


@cache
def _device_file() -> Path:
    return _empty_file(DEVICE_SCHEMA)


def _empty_file(schema: Schema) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="hutch-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _migrate(f"sqlite:///{folder / 'empty.db'}", schema)
    return folder / "empty.db"


def _migrate(url: str, schema: Schema) -> None:
    command = [sys.executable, "-m", "foundation.store.migrate", str(schema.migrations)]
    subprocess.run(command, check=True, env={**os.environ, URL_VARIABLE: url}, timeout=_SECONDS)
