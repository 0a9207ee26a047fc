"""What may be announced for a transfer: sizes, chunks and hashes."""

from __future__ import annotations

import re

from protocol.problems import Problem, ProblemCode

MAX_CHUNK = 8 * 1024 * 1024
"""Bytes of a chunk that a caller may agree to at most."""

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def check_size(size: int, limit: int) -> None:
    """Raise INVALID_REQUEST or TOO_LARGE unless ``size`` is 0 to ``limit`` bytes."""
    if size < 0:
        raise Problem(ProblemCode.INVALID_REQUEST, "A file cannot have a negative size. Send its size in bytes.")
    if size > limit:
        raise Problem(
            ProblemCode.TOO_LARGE,
            f"The file has {size} bytes and at most {limit} can be transferred this way. Split it.",
            {"limit": limit, "size": size},
        )


def check_chunks(size: int, total_chunks: int, chunk_size: int) -> None:
    """Raise INVALID_REQUEST unless that many chunks of at most ``chunk_size`` bytes can make up ``size`` bytes."""
    if not 1 <= chunk_size <= MAX_CHUNK:
        raise Problem(ProblemCode.INVALID_REQUEST, f"A chunk has 1 to {MAX_CHUNK} bytes. Choose such a chunk size.")
    least, most = -(-size // chunk_size), max(1, size)
    if not least <= total_chunks <= most:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"A file of {size} bytes needs {least} to {most} chunks, not {total_chunks}. Send the right number.",
            {"chunk_size": chunk_size, "least": least},
        )


def check_sha256(sha256: str | None) -> None:
    """Raise INVALID_REQUEST unless this is None or the 64 hexadecimal digits of a SHA-256."""
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise Problem(ProblemCode.INVALID_REQUEST, "A sha256 is 64 hexadecimal digits. Send it so, or leave it out.")
