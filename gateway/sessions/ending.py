"""How a session ends: the program is asked, then forced; its exit code is learned; the tmux server is taken down."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from gateway.sessions import processes
from gateway.sessions.connection import PaneFacts
from gateway.sessions.tmux import PANE, TmuxFailed, TmuxServer

POLL = 0.5
"""Seconds between two looks at whether the program is gone."""

FORCE_AFTER = 3.0
"""Seconds a program has to end by itself."""

STATUS_TRIES = 40
_DEAD = "#{pane_dead} #{pane_dead_status} #{pane_dead_signal}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended; ``problem`` is a sentence where the session failed."""

    exit_code: int | None
    problem: str | None = None
    lost: bool = False
    """Whether the terminal went away under the program."""


async def stop_program(pane_pid: int, socket: Path) -> None:
    """End every process of a session, those that ask for it by force."""
    running = await asyncio.to_thread(processes.find, pane_pid, socket, set())
    await asyncio.to_thread(processes.stop_politely, running)
    deadline = time.monotonic() + FORCE_AFTER
    while time.monotonic() < deadline:
        running = await asyncio.to_thread(processes.find, pane_pid, socket, running)
        if not running:
            return
        await asyncio.to_thread(psutil.wait_procs, running, POLL)
    await force(pane_pid, socket)


async def force(pane_pid: int, socket: Path) -> None:
    """Kill until nothing is left; a program that starts others faster than they are found gets a few rounds."""
    running: set[psutil.Process] = set()
    for _ in range(10):
        running = await asyncio.to_thread(processes.find, pane_pid, socket, running)
        if not running:
            return
        await asyncio.to_thread(processes.kill, running)
        await asyncio.to_thread(psutil.wait_procs, running, POLL)


async def read_outcome(server: TmuxServer, pane: PaneFacts, *, asked: bool, agent: str | None) -> Outcome:
    """Learn from tmux how the pane's program ended.

    tmux 3.3 at times misses the signal that tells it of the program's end; sending it once more makes it look.
    """
    for _ in range(STATUS_TRIES):
        try:
            dead, status, number = (await server.run("display-message", "-p", "-t", PANE, _DEAD)).strip("\n").split(" ")
        except TmuxFailed:
            break
        if dead == "1" and (status or number):
            code = int(status) if status else 128 + int(number)
            if agent is None or asked or code == 0:
                return Outcome(code)
            return Outcome(code, f"{agent} ended with exit code {code}; its last screen says why.")
        with contextlib.suppress(OSError):
            os.kill(pane.server_pid, signal.SIGCHLD)
        await asyncio.sleep(0.005)
    if asked:
        return Outcome(None, lost=True)
    return Outcome(None, "The session's tmux server was ended from outside; start the session again.", lost=True)


async def kill_server(server: TmuxServer, pane: PaneFacts) -> None:
    """Take the server down, also one that hangs."""
    with contextlib.suppress(TmuxFailed):
        await server.run("kill-server")
    await asyncio.to_thread(_wait_or_kill, server, pane.server_pid)


def _wait_or_kill(server: TmuxServer, pid: int) -> None:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if str(server.socket) in process.cmdline():
            _, alive = psutil.wait_procs([process], timeout=1)
            for left in alive:
                left.kill()
            psutil.wait_procs(alive, timeout=1)
    server.socket.unlink(missing_ok=True)
