"""Uploads in chunks: a broken connection costs one chunk, not the file."""

from __future__ import annotations

import secrets

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, path_number, read_body
from webui.api.models.files import MAX_PAGE_FILE, PAGE_CHUNK, EntryAnswer, NewUpload, UploadAnswer, UploadEnd
from webui.context import device_of


async def begin_upload(request: web.Request) -> web.Response:
    """Announce a file; the answer says how to send it."""
    body = await parse_body(request, NewUpload)
    note(request).target = body.path
    note(request).details["size"] = body.size
    transfer_id = secrets.token_hex(16)
    total = -(-body.size // PAGE_CHUNK)
    await device_of(request).transfers.begin_upload(
        transfer_id,
        body.path,
        body.size,
        total,
        body.sha256,
        overwrite=body.overwrite,
        limit=MAX_PAGE_FILE,
        chunk_size=PAGE_CHUNK,
    )
    return answer(UploadAnswer(transfer_id=transfer_id, chunk_size=PAGE_CHUNK, total_chunks=total), 201)


async def put_chunk(request: web.Request) -> web.Response:
    """One piece of a file, as raw bytes; pieces are sent in order, counted from 0."""
    seq = path_number(request, "seq")
    await device_of(request).transfers.chunk(_id(request), seq, await read_body(request))
    return nothing()


async def end_upload(request: web.Request) -> web.Response:
    """Finish a file: it is checked and only then appears under its name."""
    body = await parse_body(request, UploadEnd)
    entry = await device_of(request).transfers.end_upload(_id(request), body.sha256)
    note(request).target = entry.path
    return answer(EntryAnswer.of(entry), 201)


async def cancel_upload(request: web.Request) -> web.Response:
    """Give an upload up; what was sent of it is removed."""
    await device_of(request).transfers.cancel(_id(request))
    return nothing()


def _id(request: web.Request) -> str:
    return request.match_info["transfer_id"]
