"""What agent CLIs tell of themselves through a session's FIFO. Whatever comes out of it is hostile: agents write it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

MAX_LINE = 4096
"""Bytes of a line; a longer one is dropped. One of this length is written in one piece (PIPE_BUF, pipe(7))."""
MAX_AT_ONCE = 32
"""Lines of one read that are looked at; of more, the last ones."""
REST = 0.05
"""Seconds between two reads, so that a flood costs little."""
_READ = 64 * 1024
_STRING = re.compile(r'"([A-Za-z_]{1,40})"\s*:\s*"((?:[^"\\]|\\.){0,600})')


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    cli: Annotated[str, StringConstraints(max_length=32)]
    event: Annotated[str, StringConstraints(pattern=r"^[A-Za-z._-]{1,64}$")]
    data: Annotated[str, StringConstraints(max_length=3600)] = Field(default="")


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of a CLI; ``data`` are the fields of the hook's JSON as far as they came through."""

    cli: str
    event: str
    data: Mapping[str, object]


def parse(line: bytes) -> Heard | None:
    """What a line says; None for one that is no such line."""
    if len(line) > MAX_LINE:
        return None
    try:
        read = _Line.model_validate_json(line)
    except ValidationError:
        return None
    return Heard(read.cli, read.event, _fields(read.data))


def _fields(encoded: str) -> Mapping[str, object]:
    try:
        text = base64.b64decode(encoded, validate=True).decode("utf-8", errors="replace")
    except (binascii.Error, ValueError):
        return {}
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return _cut_off(text)
    return read if isinstance(read, dict) else {}


def _cut_off(text: str) -> Mapping[str, object]:
    """The texts in a JSON that was too long and lost its end: those of the tool's input as if they were its own."""
    outside, _, inside = text.partition('"tool_input"')
    fields: dict[str, object] = dict(_strings(outside))
    given = _strings(inside)
    return {**fields, "tool_input": given} if given else fields


def _strings(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _STRING.findall(text):
        with contextlib.suppress(ValueError):
            found.setdefault(name, json.loads(f'"{value}"', strict=False))
    return found


class HookChannel:
    """The read end of a session's FIFO. All but the opening happens on the loop."""

    def __init__(self, path: Path, on_heard: Callable[[Heard], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._path = path
        self._on_heard = on_heard
        self._rest = b""
        self._descriptor: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Make the FIFO and listen. Raises OSError."""
        self._descriptor = await asyncio.to_thread(_open_fifo, self._path)
        self._loop.add_reader(self._descriptor, self._read)

    async def close(self, *, remove: bool) -> None:
        """Stop listening, with ``remove`` for ever; a second time does nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
            if remove:
                # An agent may have put something else there, a folder too; that is its own litter.
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(self._path.unlink, missing_ok=True)

    def _read(self) -> None:
        if self._descriptor is None:
            return
        with contextlib.suppress(BlockingIOError):
            *lines, self._rest = (self._rest + os.read(self._descriptor, _READ)).split(b"\n")
            self._rest = self._rest[: MAX_LINE + 1]
            for line in lines[-MAX_AT_ONCE:]:
                if (heard := parse(line)) is not None:
                    self._on_heard(heard)
        self._loop.remove_reader(self._descriptor)
        self._timer = self._loop.call_later(REST, self._again)

    def _again(self) -> None:
        self._timer = None
        if self._descriptor is not None:
            self._loop.add_reader(self._descriptor, self._read)


def _open_fifo(path: Path) -> int:
    """A fresh FIFO that the folder's group may write into, opened so that it never comes to an end."""
    path.unlink(missing_ok=True)
    os.mkfifo(path, 0o600)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        # Agents in another account reach the folder by its group; where they are our own, it changes nothing.
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            raise FileExistsError(path)
        os.fchmod(descriptor, 0o660)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
