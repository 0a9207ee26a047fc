"""Everything a session started: found by descent, by kernel session, and by a mark in the environment.

A child that made itself a daemon has neither the parent nor the session of its ancestors any more; the mark
``HUTCH_SESSION_SOCKET``, which every program of a session inherits, still finds it. The id alone would not do: two
devices on one machine may have sessions of the same id. Functions here block: call them in a thread.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import psutil

from gateway.agents.hook_program import VARIABLE

_MARK = "HUTCH_SESSION_SOCKET"
_ID = "HUTCH_SESSION_ID"
MARKS = frozenset({_MARK, _ID, VARIABLE})
"""Variables that Hutch sets in every session itself."""


def marks(session_id: str, socket: Path) -> dict[str, str]:
    """What a session's programs have in their environment: its id and hooks for them, its socket for :func:`find`."""
    return {_ID: session_id, _MARK: str(socket), VARIABLE: str(hooks_of(socket))}


def hooks_of(socket: Path) -> Path:
    """The FIFO through which the programs of a session tell what they do."""
    return socket.with_suffix(".hook")


def find(pane_pid: int, socket: Path, known: set[psutil.Process]) -> set[psutil.Process]:
    """The living processes of a session, without the tmux server; ``known`` ones are looked at again."""
    found = {process for process in known if process.is_running()}
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pane_pid)
        found |= {root, *root.children(recursive=True)}
    for process in psutil.process_iter():
        if process not in found and _belongs(process, pane_pid, str(socket)):
            found.add(process)
    return {process for process in found if _alive(process)}


def stop_politely(processes: set[psutil.Process]) -> None:
    """Ask: hang up, terminate, and wake what is stopped so that it hears."""
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
        _signal(processes, number)


def kill(processes: set[psutil.Process]) -> None:
    """Force."""
    _signal(processes, signal.SIGKILL)


def _signal(processes: set[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _belongs(process: psutil.Process, pane_pid: int, socket: str) -> bool:
    try:
        if process.pid == os.getpid():
            return False
        if os.getsid(process.pid) == pane_pid:
            return True
        # The tmux server has the mark too: it was started with the environment of its pane.
        return process.environ().get(_MARK) == socket and not process.name().startswith("tmux")
    except (psutil.Error, OSError):
        return False
