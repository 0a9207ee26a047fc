"""Puts a restored workspace in its place where agents have an account of their own: with their rights, by themselves.

The daemon may not write there, and root must not where an agent could plant a link. So tar unpacks it in the agents'
account, started as every program of theirs, and the daemon writes into it what it had kept. A folder goes from what is
kept when it is in its place; a restart in between begins anew with those that are left.
"""

from __future__ import annotations

import asyncio
import io
import os
import select
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from typing import Final

import structlog

from appliance.care.backup import Writer
from appliance.care.contents import tree_entries
from appliance.care.places import handed_over, left_over
from appliance.care.raw import view_of
from appliance.layout import Layout
from foundation.files import make_private_folder
from gateway.programs.types import Program, Programs

log = structlog.get_logger(__name__)

PATIENCE: Final = 60.0
"""Seconds for which tar may take nothing, or not end: an agent can stop it, and the device is to start all the same."""
_TAR: Final = ("tar", "--extract", "--file=-", "--preserve-permissions", "--no-same-owner")
_LARGEST_COMPLAINT: Final = 2000
_POLL_MILLISECONDS: Final = 200


async def bring_all(programs: Programs, layout: Layout, busy: Callable[[], None], patience: float = PATIENCE) -> None:
    """Bring every folder that waits. Raises OSError and Problem when it breaks off."""
    waiting = handed_over(layout)
    for name in await asyncio.to_thread(lambda: sorted(path.name for path in waiting.iterdir())):
        complaint = await _bring(programs, layout, name, busy, patience)
        if complaint:
            # Not tried again: that would take back what agents do from now on.
            kept = await asyncio.to_thread(_set_aside, waiting / name, left_over(layout))
            log.error("not all of a folder could be restored", folder=name, kept=str(kept), why=complaint)
        else:
            await asyncio.to_thread(_remove, waiting / name)
            log.info("a folder of the workspace is restored", folder=name)
    await asyncio.to_thread(waiting.rmdir)


async def _bring(programs: Programs, layout: Layout, name: str, busy: Callable[[], None], patience: float) -> str:
    """Have tar unpack one folder; what it complained of. Raises TimeoutError when it does not go on."""
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    said, told = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(read, True)
    os.set_blocking(told, True)
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    try:
        program = await programs.start(
            _TAR, folder=layout.workspace, environment=environment, stdin=read, stdout=subprocess.DEVNULL, stderr=told
        )
    except BaseException:
        for descriptor in (write, said):
            os.close(descriptor)
        raise
    finally:
        for descriptor in (read, told):
            os.close(descriptor)
    over = threading.Event()
    complaints = asyncio.create_task(asyncio.to_thread(_complaints, said, over))
    try:
        await asyncio.to_thread(_send, write, handed_over(layout), name, busy, patience)
        code = await asyncio.wait_for(program.wait(), patience)
    except TimeoutError:
        raise TimeoutError(f"tar takes nothing of {name} in the agents' account") from None
    except BrokenPipeError:
        # It ended before the end, and its words say why.
        code = await asyncio.wait_for(program.wait(), patience)
    finally:
        await _end(program, patience)
        over.set()
        words = await complaints
    return "" if code == 0 else words or f"tar ended with {code}"


async def _end(program: Program, patience: float) -> None:
    if program.returncode is None:
        program.signal_group(SIGKILL)
        with suppress(TimeoutError):
            await asyncio.wait_for(program.wait(), patience)


def _send(descriptor: int, base: Path, name: str, busy: Callable[[], None], patience: float) -> None:
    """Write one folder as an archive, and close the descriptor. Raises OSError, TimeoutError of what is not taken."""

    def told(_percent: int) -> None:
        busy()

    with (
        _Pipe(descriptor, patience) as pipe,
        tarfile.open(fileobj=pipe, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        writer = Writer(archive, 1, told)
        for entry in tree_entries(base, name, "."):
            writer.add(entry)


class _Pipe(io.RawIOBase):
    """The end of a pipe to write to, for as long as the other end goes on taking."""

    def __init__(self, descriptor: int, patience: float) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._patience = patience

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: object) -> int:
        """All of it. Raises TimeoutError, BrokenPipeError."""
        view = view_of(data)
        done = 0
        while done < len(view):
            if not self._poll.poll(self._patience * 1000):
                raise TimeoutError
            done += os.write(self._descriptor, view[done:])
        return done

    def close(self) -> None:
        """Let go of the descriptor."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _complaints(descriptor: int, over: threading.Event) -> str:
    """The end of what a program says, until it ends or is over."""
    kept = b""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    try:
        while True:
            if poll.poll(_POLL_MILLISECONDS):
                block = os.read(descriptor, 4096)
                kept = (kept + block)[-_LARGEST_COMPLAINT:]
                if not block:
                    break
            elif over.is_set():
                break
    finally:
        os.close(descriptor)
    return kept.decode(errors="replace").strip()


def _set_aside(path: Path, folder: Path) -> Path:
    make_private_folder(folder)
    kept = folder / path.name
    if kept.exists():
        _remove(kept)
    path.replace(kept)
    return kept


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
