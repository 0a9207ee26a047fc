"""Ending a program with everything it started."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from gateway.programs.types import Program

GRACE = 2.0
"""Seconds between asking a program to end and ending it."""

PATIENCE = 1.0
"""Seconds for a process that was ended to be gone. One in uninterruptible sleep takes longer (signal(7))."""


async def end(program: Program, *, grace: float = GRACE) -> None:
    """End every process of its group: asked first, made to after the grace. Cancelled, it makes them at once."""
    program.signal_group(signal.SIGTERM if program.returncode is None else signal.SIGKILL)
    ending = asyncio.ensure_future(_wait_or_kill(program, grace))
    try:
        await asyncio.shield(ending)
    except asyncio.CancelledError:
        program.signal_group(signal.SIGKILL)
        await ending
        raise


async def kill(program: Program) -> None:
    """End every process of its group without asking, and wait for that; not for one the kernel holds on to."""
    program.signal_group(signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await program.wait()


async def _wait_or_kill(program: Program, grace: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(program.wait(), grace)
    # A child of the program may ignore the request and outlive it.
    program.signal_group(signal.SIGKILL)
    await program.wait()
