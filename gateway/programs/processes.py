"""Finding, signalling and awaiting the processes of a session, by the kernel's own files (proc(5)).

Runs in the agents' account: the environment of a process can be read by its own account only. A process is its id and
the time it was started at, so that an id that was given to another one meanwhile is not taken for it. Nothing but the
standard library.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable
from contextlib import suppress

Running = tuple[int, int]
"""Process id, and when it was started, in the kernel's ticks since the boot."""

_STATE, _PARENT, _SESSION, _STARTED = 0, 1, 3, 19
"""Places in /proc/PID/stat behind the name."""
MAX_FOUND = 10_000


def find(pane_pid: int, mark: str, known: Iterable[Running]) -> list[Running]:
    """The living processes of a session: ``known`` ones, the pane's and those below it, those of its kernel session,
    and those with ``mark`` (``NAME=value``) in their environment. A child that made itself a daemon has neither the
    parent nor the session of its ancestors any more; the mark still finds it. The tmux server has the mark too and is
    left out.
    """
    table = {pid: fields for pid in _pids() if (fields := _stat(pid))}
    family = {pane_pid} if pane_pid > 1 else set()
    family |= {pid for pid, started in known if pid in table and int(table[pid][_STARTED]) == started}
    _add_descendants(family, table)
    wanted = mark.encode()
    for pid, fields in table.items():
        of_session = pane_pid > 1 and int(fields[_SESSION]) == pane_pid
        if pid not in family and (of_session or _is_marked(pid, wanted)):
            family.add(pid)
    family.discard(os.getpid())
    alive = [pid for pid in family if pid in table and table[pid][_STATE] not in "ZX"]
    return [(pid, int(table[pid][_STARTED])) for pid in alive][:MAX_FOUND]


def send(processes: Iterable[Running], number: int) -> None:
    """Send a signal to each that still is the one that was found and belongs to this account."""
    for pid, started in processes:
        with suppress(OSError):
            watch = os.pidfd_open(pid)
            try:
                fields = _stat(pid)
                if fields and int(fields[_STARTED]) == started:
                    signal.pidfd_send_signal(watch, signal.Signals(number))
            finally:
                os.close(watch)


def send_to_ids(pids: Iterable[int], number: int) -> None:
    """Send a signal to each process of this account that is there."""
    for pid in pids:
        # 0 and below are groups and everybody.
        if pid > 1:
            with suppress(OSError):
                os.kill(pid, signal.Signals(number))


def wait(pids: Iterable[int], seconds: float) -> bool:
    """Wait until all are gone, at most so long; whether they are. Works for processes of any account."""
    watches = []
    for pid in pids:
        with suppress(OSError, OverflowError):
            watches.append(os.pidfd_open(pid))
    poll = select.poll()
    for watch in watches:
        poll.register(watch, select.POLLIN)
    deadline = time.monotonic() + seconds
    left = len(watches)
    try:
        while left and (rest := deadline - time.monotonic()) > 0:
            for watch, _ in poll.poll(rest * 1000):
                poll.unregister(watch)
                left -= 1
    finally:
        for watch in watches:
            os.close(watch)
    return not left


def end_tmux(pid: int, socket: str) -> None:
    """Wait for a tmux server that was told to end, kill it where it hangs, and take its socket away."""
    if pid > 1 and _is_server(pid, socket) and not wait([pid], 1):
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        wait([pid], 1)
    with suppress(FileNotFoundError):
        os.unlink(socket)


def _is_server(pid: int, socket: str) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return socket.encode() in file.read(64 * 1024)
    except OSError:
        return False


def _add_descendants(family: set[int], table: dict[int, list[str]]) -> None:
    children: dict[int, list[int]] = {}
    for pid, fields in table.items():
        children.setdefault(int(fields[_PARENT]), []).append(pid)
    waiting = list(family)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in family:
                family.add(child)
                waiting.append(child)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _stat(pid: int) -> list[str]:
    """What stands behind the name in /proc/PID/stat; empty for a process that is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return []


def _is_marked(pid: int, mark: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            if mark not in file.read(1024 * 1024).split(b"\0"):
                return False
        with open(f"/proc/{pid}/comm", "rb") as file:
            return not file.read().startswith(b"tmux")
    except OSError:
        return False
