"""Files to and from a device, in pieces: an upload is passed on as it comes in."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from aiohttp import ClientError, StreamReader, hdrs, web

from foundation.web.answers import answer
from foundation.web.context import note
from foundation.web.parsing import parse_query, too_large
from foundation.web.security.headers import DOWNLOAD_CSP
from hub.fleet.commands import ask
from hub.ports import DevicePort, new_request_id
from hub.web.api.commands import port_of
from hub.web.api.models import commands as models
from hub.web.context import hub_of
from protocol import commands as wire
from protocol import events as told
from protocol.limits import KIB
from protocol.problems import Problem, ProblemCode

CHUNK: Final = 128 * KIB
CHUNK_SECONDS: Final = 30.0
DOWNLOAD_SECONDS: Final = 120.0


async def upload(request: web.Request) -> web.Response:
    """Put a file into the device's workspace: the body is its bytes, at most 20 MiB, with a Content-Length."""
    query = parse_query(request, models.PathQuery)
    size = request.content_length
    if size is None:
        raise Problem(ProblemCode.INVALID_REQUEST, "Say how large the file is: send a Content-Length.")
    if size > models.MAX_UPLOAD:
        raise too_large(models.MAX_UPLOAD)
    port = port_of(request)
    note(request).details.update({"path": query.path[:512], "size": size})
    await _send(port, query.path, size, _pieces(request.content, size))
    return answer(models.UploadAnswer(path=query.path, size=size), 201)


async def _send(port: DevicePort, path: str, size: int, pieces: AsyncIterator[bytes]) -> None:
    transfer_id = secrets.token_hex(16)
    total = -(-size // CHUNK)
    begin = wire.FileUploadBegin(
        request_id=new_request_id(), transfer_id=transfer_id, dest_path=path, size=size, total_chunks=total
    )
    await ask(port, begin)
    done = False
    try:
        seq = 0
        async for piece in pieces:
            chunk = wire.FileUploadChunk(request_id=new_request_id(), transfer_id=transfer_id, seq=seq, data=piece)
            await ask(port, chunk, CHUNK_SECONDS)
            seq += 1
        await ask(port, wire.FileUploadEnd(request_id=new_request_id(), transfer_id=transfer_id), CHUNK_SECONDS)
        done = True
    finally:
        if not done:
            with suppress(Problem):
                await ask(port, wire.FileCancel(request_id=new_request_id(), transfer_id=transfer_id))


async def _pieces(content: StreamReader, size: int) -> AsyncIterator[bytes]:
    """The body in pieces of :data:`CHUNK` bytes; never more of it in memory. Raises INVALID_REQUEST for a short one."""
    left = size
    while left:
        wanted = min(CHUNK, left)
        try:
            piece = await content.readexactly(wanted)
        except (asyncio.IncompleteReadError, ClientError):
            raise Problem(
                ProblemCode.INVALID_REQUEST, "The file ended before its Content-Length. Send it again."
            ) from None
        left -= wanted
        yield piece


async def download(request: web.Request) -> web.StreamResponse:
    """A file of the device's workspace, as an attachment: browsers save it and never show it."""
    query = parse_query(request, models.PathQuery)
    port, places = port_of(request), hub_of(request).fleet.downloads
    if places.locked():
        raise Problem(ProblemCode.TOO_MANY, "As many files as may are on their way. Try again in a moment.")
    async with places:
        command = wire.FileDownload(request_id=new_request_id(), transfer_id=secrets.token_hex(16), path=query.path)
        answered = await ask(port, command, DOWNLOAD_SECONDS)
        chunks = _in_order([event for event in answered.events if isinstance(event, told.FileContentChunk)])
        begun = [event for event in answered.events if isinstance(event, told.FileContentBegin)]
        if not begun or begun[0].size != sum(len(chunk) for chunk in chunks):
            raise Problem(ProblemCode.UNAVAILABLE, "The device did not send the whole file. Try again.")
        response = _head(PurePosixPath(begun[0].path).name, begun[0].size)
        await response.prepare(request)
        if request.method != "HEAD":
            for chunk in chunks:
                await response.write(chunk)
        await response.write_eof()
        return response


def _in_order(chunks: list[told.FileContentChunk]) -> list[bytes]:
    if [chunk.seq for chunk in chunks] != list(range(len(chunks))):
        raise Problem(ProblemCode.OUT_OF_ORDER, "The device sent the pieces of the file out of order. Try again.")
    return [chunk.data for chunk in chunks]


def _head(name: str, size: int) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "application/octet-stream"
    response.content_length = size
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-") else "_" for char in name)
    response.headers[hdrs.CONTENT_DISPOSITION] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
    )
    response.headers["Content-Security-Policy"] = DOWNLOAD_CSP
    return response
