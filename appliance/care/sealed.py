"""A stream that only a passphrase opens, in pieces, so that it is written and read with little memory.

``HUTCHBK1``, 16 bytes of salt, one byte log2(N) of scrypt (RFC 7914; r = 8, p = 1), 7 bytes that begin each nonce; then
pieces of 64 KiB, each sealed with AES-256-GCM (NIST SP 800-38D). A nonce is the beginning, a counter of 32 bits and one
byte that is 1 in the last piece (the STREAM construction): pieces cannot be left out, moved or cut off unnoticed. The
header is authenticated with each. Blocks.
"""

from __future__ import annotations

import io
import secrets
import struct
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from appliance.care.raw import view_of
from gateway.care.types import SHORTEST_PASSPHRASE
from protocol.problems import Problem, ProblemCode

MAGIC: Final = b"HUTCHBK1"
PIECE: Final = 64 * 1024
_HEADER: Final = struct.Struct(">8s16sB7s")
_TAG: Final = 16
_COST: Final = 15
"""log2 of N: 32 MiB and about 0.1 s, which a small device can spare."""
_COSTS: Final = range(10, 18)


class SealingWriter(io.RawIOBase):
    """Takes plain bytes, writes the sealed stream. :meth:`close` writes the last piece and leaves the target open."""

    def __init__(self, target: BinaryIO, passphrase: str, *, cost: int = _COST) -> None:
        if len(passphrase) < SHORTEST_PASSPHRASE:
            super().close()  # or it would be closed, with a last piece, when it is forgotten
            raise Problem(
                ProblemCode.INVALID_REQUEST, f"A passphrase has at least {SHORTEST_PASSPHRASE} characters. Take more."
            )
        self._target = target
        self._header = _HEADER.pack(MAGIC, secrets.token_bytes(16), cost, secrets.token_bytes(7))
        self._cipher, self._begin = _cipher(self._header, passphrase)
        self._count = 0
        self._held = bytearray()
        target.write(self._header)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: object) -> int:
        """Take bytes; full pieces are sealed and written."""
        view = view_of(data)
        self._held += view
        while len(self._held) > PIECE:
            self._seal(self._held[:PIECE], last=False)
            del self._held[:PIECE]
        return len(view)

    def close(self) -> None:
        """Write what is held as the last piece."""
        if not self.closed:
            self._seal(self._held, last=True)
            super().close()

    def abandon(self) -> None:
        """Close without an end: what was written cannot be mistaken for a whole."""
        self._held.clear()
        super().close()

    def _seal(self, piece: bytes | bytearray, *, last: bool) -> None:
        nonce = _nonce(self._begin, self._count, last=last)
        self._target.write(self._cipher.encrypt(nonce, bytes(piece), self._header))
        self._count += 1


class OpeningReader(io.RawIOBase):
    """Reads a sealed stream. Raises Problem INVALID_REQUEST: no backup, another passphrase, damaged or cut short."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        self._source = source
        self._header = source.read(_HEADER.size)
        if len(self._header) < _HEADER.size or not self._header.startswith(MAGIC):
            raise _bad("This is no backup of Hutch. Choose the file that “hutch backup” wrote.")
        if self._header[24] not in _COSTS:
            raise _bad("This backup is damaged, or of another kind than this version of Hutch knows.")
        self._cipher, self._begin = _cipher(self._header, passphrase)
        self._count = 0
        self._next = source.read(PIECE + _TAG)
        self._held = b""
        self._ended = False
        self._open()  # a wrong passphrase is told before anything else happens

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer with plain bytes; 0 at the end."""
        view = view_of(buffer)
        if not self._held and not self._ended:
            self._open()
        count = min(len(view), len(self._held))
        view[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def _open(self) -> None:
        sealed, self._next = self._next, self._source.read(PIECE + _TAG)
        last = not self._next
        try:
            self._held = self._cipher.decrypt(_nonce(self._begin, self._count, last=last), sealed, self._header)
        except InvalidTag:
            raise _bad(
                "The passphrase is another one, or the backup is damaged."
                if self._count == 0
                else "The backup is damaged, or was cut short. Nothing was changed; take another copy of it."
            ) from None
        self._count += 1
        self._ended = last


def _cipher(header: bytes, passphrase: str) -> tuple[AESGCM, bytes]:
    _, salt, cost, begin = _HEADER.unpack(header)
    return AESGCM(Scrypt(salt=salt, length=32, n=1 << cost, r=8, p=1).derive(passphrase.encode())), begin


def _nonce(begin: bytes, count: int, *, last: bool) -> bytes:
    return begin + struct.pack(">IB", count, last)


def _bad(sentence: str) -> Problem:
    return Problem(ProblemCode.INVALID_REQUEST, sentence)
