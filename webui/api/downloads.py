"""Downloads, with ranges (RFC 9110, section 14) so that a broken one goes on where it stopped."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import hdrs, web

from foundation.web.parsing import parse_query
from foundation.web.security.headers import DOWNLOAD_CSP
from gateway.workspaces.open_files import OpenFile
from webui.api.models.files import PathQuery
from webui.context import device_of

_BLOCK = 256 * 1024


async def download(request: web.Request) -> web.StreamResponse:
    """A file as an attachment: browsers save it and never show it, whatever is in it."""
    query = parse_query(request, PathQuery)
    return await send_file(request, await device_of(request).workspace.open_file(query.path))


async def send_file(request: web.Request, opened: OpenFile) -> web.StreamResponse:
    """An open file as an attachment, or the range of it that is asked for; it is closed afterwards."""
    async with opened as file:
        etag = f'"{file.size:x}-{file.modified_at.timestamp():.6f}"'
        wanted = _range(request, file.size, etag)
        if wanted is None:
            return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{file.size}"})
        response = _head(file, etag, wanted)
        await response.prepare(request)
        if request.method != "HEAD":
            await _send(request, response, file, wanted)
        return response


def attachment(name: str) -> str:
    """A Content-Disposition for any file name (RFC 6266, with the encoding of RFC 8187 beside a plain one)."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-") else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _range(request: web.Request, size: int, etag: str) -> range | None:
    """The bytes to send; None where the asked range is outside the file.

    A range that is malformed, or several at once, is ignored as RFC 9110 14.2 allows: the whole file is sent.
    """
    if hdrs.RANGE not in request.headers or request.headers.get(hdrs.IF_RANGE, etag) != etag:
        return range(size)
    try:
        asked = request.http_range
    except ValueError:
        return range(size)
    found = range(size)[asked]
    return found if len(found) else None


def _head(file: OpenFile, etag: str, wanted: range) -> web.StreamResponse:
    response = web.StreamResponse(status=200 if len(wanted) == file.size else 206)
    response.content_type = "application/octet-stream"
    response.content_length = len(wanted)
    response.headers[hdrs.CONTENT_DISPOSITION] = attachment(file.name)
    response.headers[hdrs.ACCEPT_RANGES] = "bytes"
    response.headers[hdrs.ETAG] = etag
    response.headers["Content-Security-Policy"] = DOWNLOAD_CSP
    response.last_modified = file.modified_at
    if response.status == 206:
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {wanted.start}-{wanted.stop - 1}/{file.size}"
    return response


async def _send(request: web.Request, response: web.StreamResponse, file: OpenFile, wanted: range) -> None:
    at = wanted.start
    while at < wanted.stop:
        block = await file.read(min(_BLOCK, wanted.stop - at), at)
        if not block or file.changed:
            # Somebody writes to the file: only a cut connection tells the reader that what came is not one file.
            if request.transport is not None:
                request.transport.abort()
            return
        await response.write(block)
        at += len(block)
    await response.write_eof()
