"""Runs the script that comes with a release and makes its folder."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

from protocol.problems import Problem, ProblemCode

SECONDS: Final = 1800.0
"""What it may take: packages may come from a slow network onto a slow card."""
_SCRIPT: Final = "packaging/releases/make-release-folder"
_TAIL: Final = 600


async def make_release(unpacked: Path, target: Path, slot: str, log: Path) -> None:
    """Make the release folder ``target`` of an unpacked archive.

    Raises Problem INSTALL_FAILED with the end of what the script said. Nothing is left then, nor when it is cancelled.
    """
    output = await asyncio.to_thread(log.open, "wb")
    try:
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", str(unpacked / _SCRIPT), str(unpacked), str(target), slot),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={name: value for name, value in os.environ.items() if name not in ("NOTIFY_SOCKET", "PYTHONPATH")},
            start_new_session=True,
        )
    finally:
        await asyncio.to_thread(output.close)
    try:
        async with asyncio.timeout(SECONDS):
            code = await process.wait()
    except TimeoutError:
        raise _failed(f"it took longer than {SECONDS:.0f} s") from None
    finally:
        await _gone(process)
    if code:
        raise _failed(await asyncio.to_thread(_end_of, log))


async def _gone(process: asyncio.subprocess.Process) -> None:
    """End the script with all that it started; its trap removes what it made."""
    for number, seconds in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await process.wait()


def _end_of(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - _TAIL))
        return " ".join(file.read().decode(errors="replace").split())


def _failed(why: str) -> Problem:
    return Problem(
        ProblemCode.INSTALL_FAILED,
        f"The release could not be installed: {why or 'no reason was given'}. The version that runs is as it was.",
    )
