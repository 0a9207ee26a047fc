"""Binary frames: terminal bytes, and the bytes of streams.

``kind:u8 | session_id_len:u8 | session_id:utf8 | seq:u64 big-endian | payload`` (docs/wire.md). ``seq`` starts at 0 for
each session and grows by one for each frame; a gap tells a viewer that bytes were dropped and a snapshot is due. A
stream's frame has the stream's id in the place of the session's, and a ``seq`` of its own in each direction.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol.fields import SESSION_ID_PATTERN
from protocol.limits import MAX_FRAME_BYTES, MAX_OUTPUT_PAYLOAD
from protocol.problems import Problem, ProblemCode

_SESSION_ID: Final = re.compile(SESSION_ID_PATTERN.strip("^$"), re.ASCII)
_SEQ: Final = struct.Struct(">Q")
MAX_FRAME_SEQ: Final = 2**64 - 1


class FrameKind(IntEnum):
    """What the bytes are, and which way they go."""

    OUTPUT = 0x01
    """Device to hub to viewer."""
    INPUT = 0x02
    """Viewer to hub to device."""
    STREAM = 0x03
    """Either way: bytes of a stream (:mod:`protocol.streams`)."""


_KINDS: Final = {int(kind): kind for kind in FrameKind}
_LIMITED: Final = (FrameKind.OUTPUT, FrameKind.STREAM)
"""The kinds of which one frame may hold 16 KiB."""


def frame_head(kind: FrameKind, session_id: str) -> bytes:
    """What every frame of a kind and a session begins with; its number and its payload follow."""
    name = session_id.encode()
    return bytes((kind, len(name))) + name


@dataclass(frozen=True, slots=True)
class BinaryFrame:
    """Bytes of one session or stream. ``payload`` of an output or stream frame holds at most 16 KiB."""

    kind: FrameKind
    session_id: str
    seq: int
    payload: bytes

    def encode(self) -> bytes:
        """The frame as it goes over the socket.

        Raises Problem(MALFORMED_FRAME) for a session id or seq the wire cannot carry, and Problem(TOO_LARGE) for more
        than one frame may hold.
        """
        if not _SESSION_ID.fullmatch(self.session_id) or not 0 <= self.seq <= MAX_FRAME_SEQ:
            raise _malformed("its session id or seq cannot be written")
        if self.kind in _LIMITED and len(self.payload) > MAX_OUTPUT_PAYLOAD:
            raise _too_large("payload", len(self.payload), MAX_OUTPUT_PAYLOAD)
        return b"".join((frame_head(self.kind, self.session_id), _SEQ.pack(self.seq), self.payload))

    @classmethod
    def decode(cls, data: bytes, *, max_bytes: int = MAX_FRAME_BYTES) -> BinaryFrame:
        """Read a frame of at most ``max_bytes``.

        Raises Problem(TOO_LARGE) or Problem(MALFORMED_FRAME), and nothing else, whatever the bytes are.
        """
        if len(data) > max_bytes:
            raise _too_large("frame", len(data), max_bytes)
        if len(data) < 2:
            raise _malformed("it is shorter than its head")
        kind, length = _KINDS.get(data[0]), data[1]
        if kind is None:
            raise _malformed(f"its kind is 0x{data[0]:02x}, and only 0x01, 0x02 and 0x03 exist")
        start = 2 + length + _SEQ.size
        if len(data) < start:
            raise _malformed("it is shorter than its head")
        session_id = bytes(data[2 : 2 + length]).decode("utf-8", "replace")
        if not _SESSION_ID.fullmatch(session_id):
            raise _malformed("its session id has characters that no session id has")
        (seq,) = _SEQ.unpack_from(data, 2 + length)
        payload = bytes(data[start:])
        if kind in _LIMITED and len(payload) > MAX_OUTPUT_PAYLOAD:
            raise _too_large("payload", len(payload), MAX_OUTPUT_PAYLOAD)
        return cls(kind, session_id, seq, payload)


def _malformed(why: str) -> Problem:
    return Problem(ProblemCode.MALFORMED_FRAME, f"The binary frame cannot be read: {why}. Send it again, whole.")


def _too_large(what: str, size: int, limit: int) -> Problem:
    return Problem(
        ProblemCode.TOO_LARGE,
        f"The {what} holds {size} bytes and may hold {limit}. Send smaller frames.",
        {"size": size, "limit": limit},
    )
