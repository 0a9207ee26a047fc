"""What a viewer sees, as bytes of a relayed stream: four bytes of length, one that says which, and the rest."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.nodes.refusals import gone
from hub.ports import ControlChanged, Output, Refused, SessionEnded, WatchItem
from protocol.codec import encode, parse_event
from protocol.events import SessionSnapshot
from protocol.limits import MAX_SOCKET_BYTES
from protocol.problems import Problem, ProblemInfo

MAX_ITEM: Final = 2 * MAX_SOCKET_BYTES
_HEAD: Final = struct.Struct(">Ic")
_SEQ: Final = struct.Struct(">Q")
SCREEN, OUTPUT, ENDED, CONTROL, REFUSED = b"S", b"O", b"E", b"C", b"R"


class _Ended(BaseModel):
    exit_code: int | None


class _Control(BaseModel):
    model_config = ConfigDict(strict=True)

    holder: str | None
    yours: bool
    may_write: bool


def encode_item(item: WatchItem) -> bytes:
    """An item for another node."""
    kind, rest = _written(item)
    return _HEAD.pack(len(rest), kind) + rest


class ItemReader:
    """Cuts a stream of bytes into items again; holds one unfinished item of at most :data:`MAX_ITEM` bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[WatchItem]:
        """The items that are complete with these bytes. Raises Problem for what is none."""
        self._buffer += data
        while len(self._buffer) >= _HEAD.size:
            size, kind = _HEAD.unpack_from(self._buffer)
            if size > MAX_ITEM:
                raise gone()
            end = _HEAD.size + size
            if len(self._buffer) < end:
                return
            rest = bytes(self._buffer[_HEAD.size : end])
            del self._buffer[:end]
            yield _read(kind, rest)


def _written(item: WatchItem) -> tuple[bytes, bytes]:
    match item:
        case Output(seq, payload):
            return OUTPUT, _SEQ.pack(seq) + payload
        case SessionSnapshot():
            return SCREEN, encode(item, max_bytes=None).encode()
        case SessionEnded(exit_code):
            return ENDED, _Ended(exit_code=exit_code).model_dump_json().encode()
        case ControlChanged(holder, yours, may_write):
            return CONTROL, _Control(holder=holder, yours=yours, may_write=may_write).model_dump_json().encode()
        case Refused(problem):
            info = ProblemInfo(code=problem.code, message=problem.message, details=problem.details)
            return REFUSED, info.model_dump_json().encode()


def _read(kind: bytes, rest: bytes) -> WatchItem:
    try:
        if kind == OUTPUT:
            return Output(_SEQ.unpack_from(rest)[0], rest[_SEQ.size :])
        if kind == ENDED:
            return SessionEnded(_Ended.model_validate_json(rest).exit_code)
        if kind == CONTROL:
            control = _Control.model_validate_json(rest)
            return ControlChanged(control.holder, control.yours, control.may_write)
        if kind == REFUSED:
            info = ProblemInfo.model_validate_json(rest)
            return Refused(Problem(info.code, info.message, info.details))
        screen = parse_event(rest) if kind == SCREEN else None
    except (ValidationError, struct.error, Problem):
        raise gone() from None
    if not isinstance(screen, SessionSnapshot):
        raise gone()
    return screen
