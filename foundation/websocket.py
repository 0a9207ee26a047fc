"""Frames of a WebSocket as a server writes them (RFC 6455, 5.2): whole messages, unmasked, no extensions."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

FIN: Final = 0x80
"""The bit that says that no piece of the message follows."""


class Opcode(IntEnum):
    """Kinds of frames (RFC 6455, 5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


def head(opcode: int, length: int) -> bytes:
    """What stands before a payload of this length that a server sends: whole messages, no mask."""
    if length < 126:
        return bytes((FIN | opcode, length))
    if length < 65536:
        return bytes((FIN | opcode, 126, length >> 8, length & 0xFF))
    return bytes((FIN | opcode, 127)) + length.to_bytes(8, "big")
