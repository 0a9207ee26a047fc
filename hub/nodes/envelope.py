"""How data and problems are written on the bus: one byte that says which, then the rest.

A NATS server takes 1 MiB in one message unless it was told otherwise; big messages are text, which deflates well.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import Final

from pydantic import ValidationError

from hub.nodes.bus import MAX_DATA
from protocol.problems import Problem, ProblemCode, ProblemInfo

PLAIN: Final = b"\x00"
DEFLATED: Final = b"\x01"
REFUSED: Final = b"\x02"
DEFLATE_FROM: Final = 256 * 1024
"""Bytes from which on deflating pays."""


async def pack(data: bytes) -> bytes:
    """Data for the bus. Raises Problem(TOO_LARGE) over :data:`hub.nodes.bus.MAX_DATA`."""
    if len(data) > MAX_DATA:
        raise too_large(len(data), MAX_DATA)
    if len(data) < DEFLATE_FROM:
        return PLAIN + data
    return DEFLATED + await asyncio.to_thread(zlib.compress, data, 1)


def pack_problem(problem: Problem) -> bytes:
    """A problem for the bus."""
    info = ProblemInfo(code=problem.code, message=problem.message, details=problem.details)
    return REFUSED + info.model_dump_json().encode()


async def unpack(packed: bytes) -> bytes:
    """The data. Raises the Problem that was packed, or Problem(INTERNAL) for what no node of ours writes."""
    kind, rest = packed[:1], packed[1:]
    if kind == PLAIN and len(rest) <= MAX_DATA:
        return rest
    if kind == DEFLATED:
        return await asyncio.to_thread(_inflate, rest)
    if kind == REFUSED:
        raise _problem(rest)
    raise _garbled()


def _inflate(data: bytes) -> bytes:
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(data, MAX_DATA)
    except zlib.error:
        raise _garbled() from None
    if not inflate.eof:
        raise _garbled()
    return plain


def _problem(data: bytes) -> Problem:
    try:
        info = ProblemInfo.model_validate_json(data)
    except ValidationError:
        return _garbled()
    return Problem(info.code, info.message, info.details)


def _garbled() -> Problem:
    return Problem(
        ProblemCode.INTERNAL, "Another node of the hub wrote something unreadable. Run one version on all nodes."
    )


def too_large(size: int, limit: int) -> Problem:
    """The problem of a message that the bus does not take."""
    return Problem(
        ProblemCode.TOO_LARGE,
        f"The message to the device's node has {size} bytes and may have {limit}. "
        "Send it in smaller parts, or raise max_payload of the NATS server.",
        {"sent": False},
    )
