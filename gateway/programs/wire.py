"""The language between the daemon and the broker of the agents' account: no I/O, and nothing but the standard library.

A frame is four bytes, the length of what follows (big-endian), and a JSON object in UTF-8. Descriptors travel beside
the bytes (unix(7), SCM_RIGHTS) with the first byte of their frame; the object's ``descriptors`` says how many of those
that came are its own.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence

SOCKET = "/run/hutch-agents/broker.sock"
"""Where the broker listens, unless it is told otherwise."""
MAX_FRAME = 1024 * 1024
"""Bytes of JSON in one frame."""
MAX_DESCRIPTORS = 8
"""Descriptors that may wait for their frame, and that one frame may have."""
LENGTH = struct.Struct("!I")

Message = dict[str, object]
Received = tuple[Message, list[int]]
"""A message and its descriptors, which now belong to whoever took it."""


class Malformed(Exception):
    """What came is no frame; there is no telling where the next one begins."""


def encode(message: Mapping[str, object], descriptors: int = 0) -> bytes:
    """A frame for a message that is sent with so many descriptors.

    Raises:
        Malformed: it is longer than the other side takes.
    """
    body = json.dumps({**message, "descriptors": descriptors}, separators=(",", ":")).encode()
    if len(body) > MAX_FRAME:
        raise Malformed(f"a message of {len(body)} bytes is too long")
    return LENGTH.pack(len(body)) + body


class Decoder:
    """Bytes and descriptors in, messages out, however they were cut on their way."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiting: list[int] = []

    def feed(self, data: bytes, descriptors: Sequence[int] = ()) -> list[Received]:
        """Take what was read; all messages that are complete now.

        Raises:
            Malformed: the peer does not speak this language. What waits is to be had from :meth:`abandon`.
        """
        self._waiting.extend(descriptors)
        if len(self._waiting) > MAX_DESCRIPTORS:
            raise Malformed("too many descriptors")
        self._buffer += data
        found: list[Received] = []
        try:
            while (message := self._next()) is not None:
                found.append(message)
        except Malformed:
            self._waiting.extend(number for _, own in found for number in own)
            raise
        return found

    def abandon(self) -> list[int]:
        """Descriptors that no message has claimed, for closing."""
        left, self._waiting = self._waiting, []
        return left

    def _next(self) -> Received | None:
        if len(self._buffer) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack_from(self._buffer)
        if length > MAX_FRAME:
            raise Malformed(f"a message of {length} bytes is too long")
        end = LENGTH.size + length
        if len(self._buffer) < end:
            return None
        message = _object(bytes(self._buffer[LENGTH.size : end]))
        del self._buffer[:end]
        return message, self._claim(message.pop("descriptors", 0))

    def _claim(self, count: object) -> list[int]:
        if type(count) is not int or not 0 <= count <= len(self._waiting):
            raise Malformed("a message without its descriptors")
        own, self._waiting = self._waiting[:count], self._waiting[count:]
        return own


def _object(body: bytes) -> Message:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(message, dict):
        raise Malformed("not a JSON object")
    return message
