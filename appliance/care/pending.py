"""What is to be done to the data before the next start: written down first, done by whoever holds the lock. Blocks."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from appliance.layout import Layout
from foundation.files import make_private_folder, problems_of, read_private, remove_private, write_private
from protocol.problems import Problem

_END_SECONDS: Final = 5.0


class Pending(BaseModel):
    """One thing to do. ``workspace``: whether a reset takes people's files too."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    what: Literal["restore", "reset"]
    workspace: bool = False


def plan(layout: Layout, pending: Pending) -> None:
    """Have the next start do it. Raises Problem."""
    make_private_folder(layout.data / "care")
    write_private(_file(layout), pending.model_dump_json().encode())


def planned(layout: Layout) -> Pending | None:
    """What the next start will do; a file that cannot be read means nothing."""
    try:
        content = read_private(_file(layout))
        return None if content is None else Pending.model_validate_json(content)
    except (Problem, ValidationError):
        return None


def carry_out(layout: Layout, busy: Callable[[], None] = lambda: None) -> Pending | None:
    """Do what is planned, and say what it was. Call it with the device's lock held. Raises Problem.

    It may be interrupted at any point and is gone on with by the next call: the plan goes last. ``busy`` is called
    while it goes on.
    """
    pending = planned(layout)
    if pending is None:
        return None
    # Loaded here: a start that has nothing to do does without what opens backups.
    from appliance.care import restore

    if pending.what == "restore":
        restore.apply(layout, busy)
    else:
        _reset(layout, workspace=pending.workspace)
    remove_private(_file(layout))
    if pending.what == "restore":
        restore.tidy(layout)
    return pending


def _reset(layout: Layout, *, workspace: bool) -> None:
    if layout.agent_user is None:
        _end_sessions(layout.sockets)
    kept = {"workspace", "care", "lock"}
    for path in sorted(layout.data.iterdir()):
        if path.name not in kept:
            _remove(path)
    for path in (layout.data / "care").iterdir():
        if path != _file(layout):
            _remove(path)
    if workspace and layout.agent_user is None and layout.workspace.is_dir():
        for path in layout.workspace.iterdir():
            _remove(path)


def _end_sessions(folder: Path) -> None:
    """End the tmux servers that outlived the daemon: nobody would know them any more. Those of agents are theirs."""
    for socket in sorted(folder.glob("*.sock")):
        with suppress(OSError, subprocess.TimeoutExpired):
            command = ["tmux", "-S", str(socket), "kill-server"]
            subprocess.run(command, capture_output=True, timeout=_END_SECONDS, check=False)


def _remove(path: Path) -> None:
    with problems_of(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _file(layout: Layout) -> Path:
    return layout.data / "care" / "pending.json"
