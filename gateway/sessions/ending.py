"""How a session ends: the program is asked, then forced; its exit code is learned; the tmux server is taken down."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCHLD, SIGCONT, SIGHUP, SIGKILL, SIGTERM, Signals

from gateway.programs.chores import Chores
from gateway.programs.processes import Running, wait
from gateway.sessions.connection import PaneFacts
from gateway.sessions.processes import mark
from gateway.sessions.tmux import PANE, TmuxFailed, TmuxServer
from protocol.problems import Problem

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


async def stop_program(chores: Chores, pane_pid: int, socket: Path) -> None:
    """End every process of a session, those that ask for it by force.

    Raises:
        Problem: ``UNAVAILABLE`` when their account cannot be reached.
    """
    running = await _found(chores, pane_pid, socket, [])
    # Hang up, terminate, and wake what is stopped so that it hears.
    await _signal(chores, running, SIGHUP, SIGTERM, SIGCONT)
    deadline = time.monotonic() + FORCE_AFTER
    while time.monotonic() < deadline:
        running = await _found(chores, pane_pid, socket, running)
        if not running:
            return
        await _wait(running)
    await force(chores, pane_pid, socket)


async def force(chores: Chores, pane_pid: int, socket: Path) -> None:
    """Kill until nothing is left; a program that starts others faster than they are found gets a few rounds."""
    running: list[Running] = []
    for _ in range(10):
        running = await _found(chores, pane_pid, socket, running)
        if not running:
            return
        await _signal(chores, running, SIGKILL)
        await _wait(running)


async def _found(chores: Chores, pane_pid: int, socket: Path, known: Sequence[Running]) -> list[Running]:
    return await asyncio.to_thread(chores.find, pane_pid, mark(socket), known)


async def _signal(chores: Chores, running: Sequence[Running], *numbers: Signals) -> None:
    for number in numbers:
        await asyncio.to_thread(chores.send, running, number)


async def _wait(running: Sequence[Running]) -> None:
    await asyncio.to_thread(wait, [pid for pid, _ in running], POLL)


async def read_outcome(server: TmuxServer, pane: PaneFacts, *, asked: bool, agent: str | None) -> Outcome:
    """Learn from tmux how the pane's program ended.

    tmux 3.3 at times misses the signal that tells it of the program's end; sending it once more makes it look.
    """
    for _ in range(STATUS_TRIES):
        try:
            answer = await server.run("display-message", "-p", "-t", PANE, _DEAD)
            code = _exit_code(answer)
        except (TmuxFailed, Problem):
            break
        if code is not None:
            if agent is None or asked or code == 0:
                return Outcome(code)
            return Outcome(code, f"{agent} ended with exit code {code}; its last screen says why.")
        with contextlib.suppress(Problem):
            await server.account.signal([pane.server_pid], SIGCHLD)
        await asyncio.sleep(0.005)
    if asked:
        return Outcome(None, lost=True)
    return Outcome(None, "The session's tmux server was ended from outside; start the session again.", lost=True)


def _exit_code(answer: str) -> int | None:
    """What tmux says of a pane, None while it does not know yet; 128 and the number for a signal.

    Raises:
        TmuxFailed: that is no answer of tmux.
    """
    try:
        dead, status, number = answer.strip("\n").split(" ")
        if dead != "1" or not (status or number):
            return None
        return int(status) & 0xFF if status else 128 + (int(number) & 0x7F)
    except ValueError:
        raise TmuxFailed("tmux does not say how the program ended") from None


async def kill_server(server: TmuxServer, pane: PaneFacts) -> None:
    """Take the server down, also one that hangs."""
    with contextlib.suppress(TmuxFailed):
        await server.run("kill-server")
    await asyncio.to_thread(server.account.chores.end_tmux, pane.server_pid, server.socket)
