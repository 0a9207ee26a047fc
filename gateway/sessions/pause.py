"""Having a program that prints without a pause wait for a moment; how is told in :mod:`gateway.programs.terminals`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from gateway.programs.chores import Chores
from protocol.problems import Problem


@asynccontextmanager
async def paused(chores: Chores, tty: str, server_pid: int) -> AsyncIterator[None]:
    """Hold the pane's output back; nothing happens where it pauses by itself, or its account cannot be reached."""
    try:
        await asyncio.to_thread(_hold_back, chores, tty, server_pid)
        yield
    finally:
        await asyncio.shield(asyncio.to_thread(_let_flow, chores, tty))


def _hold_back(chores: Chores, tty: str, server_pid: int) -> None:
    with suppress(Problem):
        chores.hold_back(tty, server_pid)


def _let_flow(chores: Chores, tty: str) -> None:
    with suppress(Problem):
        chores.let_flow(tty)
