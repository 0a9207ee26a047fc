"""Making a program that prints without a pause wait for a moment, with nothing lost, and looking at what it has read.

A terminal can be stopped as Ctrl-S does (tcflow(3)), and its program then waits in the kernel. But Linux can lose a
line feed that is being written at that very moment: its ``\\r\\n`` goes to a terminal that has just stopped, unchecked
(n_tty.c, ``do_output_char``). So tmux is stopped first; the terminal fills up; and when its program is seen to wait in
the middle of a write, which cannot go wrong any more, the terminal is stopped and tmux goes on.

Runs in the agents' account, to whom the terminals belong. Nothing but the standard library. Everything blocks.
"""

from __future__ import annotations

import array
import fcntl
import os
import re
import select
import signal
import socket
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gateway.programs.credentials import peer

LOOK = 0.001
PATIENCE = 0.1
"""Seconds tmux is stopped, as a rule; a program that does not fill its terminal meanwhile pauses by itself."""
LOOKS = 50
LOADED = 0.5
"""The seconds where the machine is so loaded that there were fewer looks: the program had few turns, too."""

_TERMINAL = re.compile(r"/dev/pts/[0-9]{1,10}\Z")


def hold_back(tty: str, server_pid: int) -> None:
    """Stop a pane's output; nothing happens where it pauses by itself, or tmux or the terminal are not ours."""
    with suppress(OSError, termios.error), _opened(tty) as terminal:
        try:
            _signal(server_pid, signal.SIGSTOP)
            if _fills_up(terminal):
                termios.tcflow(terminal, termios.TCOOFF)
        finally:
            _signal(server_pid, signal.SIGCONT)


def let_flow(tty: str) -> None:
    """Let a pane's output go on."""
    with suppress(OSError, termios.error), _opened(tty) as terminal:
        termios.tcflow(terminal, termios.TCOON)


def resume(tty: str, server_pid: int) -> None:
    """Undo what a daemon that was killed in the middle of :func:`hold_back` may have left."""
    with suppress(OSError):
        _signal(server_pid, signal.SIGCONT)
    let_flow(tty)


def wake(path: str) -> None:
    """Have the server behind a socket go on, should it be stopped; its pid is the socket's (unix(7), SO_PEERCRED)."""
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(1)
        client.connect(path)
        _signal(peer(client)[0], signal.SIGCONT)


def unread(tty: str) -> int:
    """Bytes the terminal holds that no program has read; 0 where it cannot be asked."""
    count = array.array("i", [0])
    with suppress(OSError), _opened(tty, os.O_RDONLY) as terminal:
        fcntl.ioctl(terminal, termios.FIONREAD, count)
    return count[0]


@contextmanager
def _opened(tty: str, mode: int = os.O_WRONLY) -> Iterator[int]:
    """A terminal; the path comes from tmux, and whatever else it may name is not opened."""
    if not _TERMINAL.match(tty):
        raise FileNotFoundError(tty)
    terminal = os.open(tty, mode | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield terminal
    finally:
        os.close(terminal)


def _signal(pid: int, number: signal.Signals) -> None:
    if pid > 1:
        os.kill(pid, number)


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
    for name in os.listdir("/proc"):
        folder = f"/proc/{name}"
        if name.isdecimal() and _stat(folder)[4:5] == [number] and _any_runs(f"{folder}/task"):
            return False
    return True


def _any_runs(tasks: str) -> bool:
    with suppress(OSError):
        return any(_stat(f"{tasks}/{name}")[0:1] == ["R"] for name in os.listdir(tasks))
    return False


def _stat(folder: str) -> list[str]:
    """State, parent, group, session, terminal and so on; empty for a process that is gone."""
    try:
        with open(f"{folder}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []
