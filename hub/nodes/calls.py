"""Commands and their answers between two nodes: as the wire writes them, with a line before."""

from __future__ import annotations

import struct
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from protocol.codec import encode, parse_command, parse_event
from protocol.commands import AnyCommand
from protocol.fields import SessionId
from protocol.link.actions import Answered
from protocol.problems import Problem, ProblemCode

MAX_WITHIN: Final = 3600.0
_WITHIN: Final = struct.Struct(">d")


class _Outcome(BaseModel):
    model_config = ConfigDict(strict=True)

    ok: bool
    error: str | None


class OpenWatch(BaseModel):
    """A node asks to watch a session for one of its viewers."""

    channel: str = Field(pattern=r"^[0-9a-f]{32}$")
    node: str = Field(pattern=r"^[0-9a-f]{16}$")
    session_id: SessionId
    viewer: str = Field(max_length=256)
    may_write: bool


class OpenStream(BaseModel):
    """A node asks for a stream to the device's web."""

    channel: str = Field(pattern=r"^[0-9a-f]{32}$")
    node: str = Field(pattern=r"^[0-9a-f]{16}$")


def write_call(command: AnyCommand, within: float) -> bytes:
    """A command that may take so many seconds. Raises Problem(TOO_LARGE)."""
    return _WITHIN.pack(within) + encode(command).encode()


def read_call(data: bytes) -> tuple[AnyCommand, float]:
    """Raises Problem for what is no call."""
    if len(data) < _WITHIN.size:
        raise garbled()
    within: float = _WITHIN.unpack_from(data)[0]
    if not 0 < within <= MAX_WITHIN:
        raise garbled()
    return parse_command(data[_WITHIN.size :]), within


def write_answer(answered: Answered) -> bytes:
    """An answer: how it ended, then each event of it, one line each."""
    outcome = _Outcome(ok=answered.ok, error=answered.error).model_dump_json()
    return "\n".join([outcome, *(encode(event, max_bytes=None) for event in answered.events)]).encode()


def read_answer(command: AnyCommand, data: bytes) -> Answered:
    """The answer to ``command``. Raises Problem for what is none."""
    outcome, *events = data.split(b"\n")
    try:
        how = _Outcome.model_validate_json(outcome)
    except ValidationError:
        raise garbled() from None
    return Answered(command, how.ok, how.error, tuple(parse_event(event) for event in events))


def garbled() -> Problem:
    """Another version, most likely."""
    message = "Two nodes of the hub do not understand each other. Run one version on all nodes."
    return Problem(ProblemCode.INTERNAL, message, {"sent": False})
