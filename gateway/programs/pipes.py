"""The ends of the pipes of a program."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_READ: Final = 256 * 1024


async def reader_of(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    """A reader of the end of a pipe, which it closes with its transport."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_READ)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader, transport


async def writer_of(descriptor: int) -> asyncio.StreamWriter:
    """A writer into the end of a pipe."""
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(descriptor, "wb", buffering=0)
    transport, protocol = await loop.connect_write_pipe(lambda: asyncio.streams.FlowControlMixin(loop), pipe)
    return asyncio.StreamWriter(transport, protocol, None, loop)


@asynccontextmanager
async def output_pipe() -> AsyncIterator[tuple[asyncio.StreamReader, int]]:
    """A pipe for what a program prints: our end, and the program's, which the caller closes once it has started.

    With asyncio's own, waiting for a process means waiting for the end of its output, which somebody must read.
    """
    read_end, write_end = os.pipe()
    reader, transport = await reader_of(read_end)
    try:
        yield reader, write_end
    finally:
        transport.close()
