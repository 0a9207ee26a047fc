"""The server's end of a WebSocket without I/O (RFC 6455), no extensions.

Written out because it is the hot path of the hub: a frame costs one slice and one unmasking, and a frame that nobody
wants is not even unmasked. What the numbers were is in docs/decisions/0021-hub-routing.md.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from foundation.websocket import FIN, Opcode
from protocol.limits import MAX_FRAME_BYTES, MAX_SOCKET_BYTES

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the compiled half of websockets
    from websockets.utils import apply_mask


_MASKED: Final = 0x80
_WHOLE: Final = frozenset({FIN | Opcode.TEXT, FIN | Opcode.BINARY})
_OF_OUTPUT: Final = bytes((FIN | Opcode.BINARY, _MASKED | 126))
"""How a frame begins that is what most of them are; one that comes alone is cut without looking any further."""
_KNOWN: Final = frozenset(FIN | code for code in Opcode) | {0x00, 0x01, 0x02}
_MAX_CONTROL: Final = 125
_MAX_FRAGMENTS: Final = 1024
_TOO_LARGE: Final = 1009
_PROTOCOL_ERROR: Final = 1002
_LENGTH64: Final = struct.Struct(">Q")

Message = tuple[int, bytes]
"""An opcode (never CONTINUATION) and the unmasked payload."""


@dataclass(frozen=True, slots=True)
class Broken(Exception):
    """The peer broke the protocol: close with this code and reason."""

    code: int
    reason: str


class Inbox:
    """Cuts what arrives into messages. Holds no more than one message and one read of the socket."""

    __slots__ = ("_fragments", "_kind", "_need", "_size", "_tail")

    def __init__(self) -> None:
        self._tail: bytearray | None = None
        self._need = 0
        self._kind = 0
        self._size = 0
        self._fragments: list[bytes] | None = None

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete now. Raises Broken; nothing more is to be fed then."""
        if self._tail is not None:
            self._tail += data
            if len(self._tail) < self._need:
                return []
            data, self._tail = bytes(self._tail), None
        elif data[:2] == _OF_OUTPUT and self._fragments is None and _is_whole(data):
            return [(Opcode.BINARY, apply_mask(data[8:], data[4:8]))]
        messages: list[Message] = []
        at, end = 0, len(data)
        while at < end:
            start, stop = self._bounds(data, at, end)
            if stop > end:
                self._tail, self._need = bytearray(data[at:]), stop - at
                break
            first, payload = data[at], apply_mask(data[start:stop], data[start - 4 : start])
            at = stop
            if (first in _WHOLE and self._fragments is None) or first >= FIN | Opcode.CLOSE:
                messages.append((first & 0x0F, payload))
            else:
                self._collect(first, payload, messages)
        return messages

    def _bounds(self, data: bytes, at: int, end: int) -> tuple[int, int]:
        """Where the payload of the frame begins and ends, as far as it is known: an end beyond ``end`` is a minimum."""
        if end - at < 2:
            return at + 2, at + 2
        first, length = data[at], data[at + 1] - _MASKED
        if length < 0 or first not in _KNOWN:
            raise Broken(_PROTOCOL_ERROR, "a frame without a mask, or of a kind that does not exist")
        start = at + 6
        if length == 126:
            start = at + 8
            if end < start:
                return start, start
            length = data[at + 2] << 8 | data[at + 3]
        elif length == 127:
            start = at + 14
            if end < start:
                return start, start
            length = _LENGTH64.unpack_from(data, at + 2)[0]
        self._check(first, length)
        return start, start + length

    def _check(self, first: int, length: int) -> None:
        opcode = first & 0x0F
        if opcode >= Opcode.CLOSE:
            if length > _MAX_CONTROL:
                raise Broken(_PROTOCOL_ERROR, "a control frame over 125 bytes")
        elif opcode == Opcode.BINARY and length > 2 * MAX_FRAME_BYTES:
            raise Broken(_TOO_LARGE, "a binary frame far over 64 KiB")
        elif length + self._size > MAX_SOCKET_BYTES:
            raise Broken(_TOO_LARGE, "a message over 2 MiB")

    def _collect(self, first: int, payload: bytes, messages: list[Message]) -> None:
        opcode = first & 0x0F
        if (opcode == Opcode.CONTINUATION) == (self._fragments is None):
            raise Broken(_PROTOCOL_ERROR, "a continuation of nothing, or a new message in the middle of another one")
        if self._fragments is None:
            self._kind, self._fragments = opcode, []
        self._fragments.append(payload)
        self._size += len(payload)
        if len(self._fragments) > _MAX_FRAGMENTS:
            raise Broken(_TOO_LARGE, "a message in more than 1024 pieces")
        if first & FIN:
            messages.append((self._kind, b"".join(self._fragments)))
            self._fragments, self._size = None, 0


def _is_whole(data: bytes) -> bool:
    """Whether one frame with a length of two bytes is all there is."""
    return len(data) > 8 and len(data) == 8 + (data[2] << 8 | data[3])


def close_payload(code: int, reason: str) -> bytes:
    """The payload of a close frame; the reason is cut to what fits (RFC 6455, 5.5)."""
    return code.to_bytes(2, "big") + reason.encode()[: _MAX_CONTROL - 2].decode("utf-8", "ignore").encode()
