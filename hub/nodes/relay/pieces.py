"""One message of a relay: what it is, its number, who sent it, and the rest."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

NODE_ID_BYTES: Final = 16
"""A node's id is 16 characters of hex."""
_HEAD: Final = struct.Struct(f">BI{NODE_ID_BYTES}s")
_CREDIT: Final = struct.Struct(">I")
MAX_PIECE: Final = 16 * 1024
"""Bytes of a stream in one message: measured as the size at which the count of messages stops to matter."""


class Kind(IntEnum):
    """What a piece is."""

    DATA = 0
    CREDIT = 1
    """The sender has room for so many bytes more."""
    END = 2
    """The sender writes nothing more."""
    CLOSE = 3
    """The sender is done with it, both ways; the rest is the problem, if there was one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """``number`` counts the DATA and END pieces of one direction from 0."""

    kind: Kind
    number: int
    sender: str
    rest: bytes

    def encode(self) -> bytes:
        """As bytes."""
        return _HEAD.pack(self.kind, self.number & 0xFFFFFFFF, self.sender.encode()) + self.rest

    @classmethod
    def decode(cls, data: bytes) -> Piece:
        """Raises ValueError for what is no piece."""
        if len(data) < _HEAD.size:
            raise ValueError("too short for a piece of a relay")
        kind, number, sender = _HEAD.unpack_from(data)
        return cls(Kind(kind), number, sender.decode("ascii"), data[_HEAD.size :])


def credit(size: int) -> bytes:
    """The rest of a CREDIT piece."""
    return _CREDIT.pack(size)


def read_credit(rest: bytes) -> int:
    """Bytes. Raises ValueError."""
    if len(rest) != _CREDIT.size:
        raise ValueError("credit is four bytes")
    size: int = _CREDIT.unpack(rest)[0]
    return size
