"""Making a program that prints without a pause wait for a moment, with nothing lost.

A terminal can be stopped as Ctrl-S does (tcflow(3)), and its program then waits in the kernel. But Linux can lose a
line feed that is being written at that very moment: its ``\\r\\n`` goes to a terminal that has just stopped, unchecked
(n_tty.c, ``do_output_char``). So tmux is stopped first; the terminal fills up; and when its program is seen to wait in
the middle of a write, which cannot go wrong any more, the terminal is stopped and tmux goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
import struct
import termios
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

LOOK = 0.001
PATIENCE = 0.1
"""Seconds tmux is stopped, as a rule; a program that does not fill its terminal meanwhile pauses by itself."""
LOOKS = 50
LOADED = 0.5
"""The seconds where the machine is so loaded that there were fewer looks: the program had few turns, too."""


@asynccontextmanager
async def paused(tty: str, server_pid: int) -> AsyncIterator[None]:
    """Hold the pane's output back; do nothing where it pauses by itself, or tmux or the terminal are not ours."""
    try:
        await asyncio.to_thread(_stop, tty, server_pid)
        yield
    finally:
        await asyncio.shield(asyncio.to_thread(_flow, tty, termios.TCOON))


def resume(tty: str, server_pid: int) -> None:
    """Undo what a daemon that was killed in the middle may have left. Blocks for a moment."""
    with contextlib.suppress(OSError):
        os.kill(server_pid, signal.SIGCONT)
    _flow(tty, termios.TCOON)


def wake_server(path: Path) -> None:
    """Have the server behind a socket go on, should it be stopped; its pid is the socket's (unix(7), SO_PEERCRED)."""
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.settimeout(1)
        client.connect(str(path))
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid = struct.unpack("3i", credentials)[0]
        if pid > 1:
            os.kill(pid, signal.SIGCONT)


def _stop(tty: str, server_pid: int) -> None:
    with contextlib.suppress(OSError):
        terminal = _open(tty)
        try:
            os.kill(server_pid, signal.SIGSTOP)
            if _fills_up(terminal):
                termios.tcflow(terminal, termios.TCOOFF)
        finally:
            os.kill(server_pid, signal.SIGCONT)
            os.close(terminal)


def _fills_up(terminal: int) -> bool:
    """Whether a program comes to wait in a write: somebody holds the terminal's write lock, and nobody runs."""
    poll = select.poll()
    poll.register(terminal, select.POLLOUT)
    device = os.fstat(terminal).st_rdev
    start = time.monotonic()
    looks = 0
    while time.monotonic() - start < (PATIENCE if looks >= LOOKS else LOADED):
        looks += 1
        if not poll.poll(0) and _all_asleep(device) and not poll.poll(0):
            return True
        time.sleep(LOOK)
    return False


def _all_asleep(device: int) -> bool:
    """Whether no thread of a program on this terminal runs (proc(5), /proc/PID/stat)."""
    major, minor = os.major(device), os.minor(device)
    number = str((minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12))
    for process in Path("/proc").glob("[0-9]*"):
        if _stat(process)[4:5] == [number] and any(_stat(task)[0:1] == ["R"] for task in (process / "task").glob("*")):
            return False
    return True


def _stat(folder: Path) -> list[str]:
    """State, parent, group, session, terminal and so on; empty for a process that is gone."""
    try:
        return (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _flow(tty: str, action: int) -> None:
    with contextlib.suppress(OSError, termios.error):
        terminal = _open(tty)
        try:
            termios.tcflow(terminal, action)
        finally:
            os.close(terminal)


def _open(tty: str) -> int:
    return os.open(tty, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
