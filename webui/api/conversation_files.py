"""Files of a conversation: attachments, names for mentions, what changed, commit, push, discard."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import hdrs, web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from foundation.web.security.headers import DOWNLOAD_CSP
from gateway.conversations.git.changes import Changed
from gateway.conversations.parts import DiffPart
from webui.api.downloads import attachment as as_attachment
from webui.api.models.conversations import (
    AttachmentAnswer,
    AttachmentQuery,
    ChangesAnswer,
    ChangesQuery,
    CommitAnswer,
    CommitBody,
    DiscardBody,
    FileChange,
    FilesAnswer,
    FilesQuery,
    PushAnswer,
)
from webui.context import device_of

_BLOCK = 64 * 1024
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser may show in a page; everything else it only saves."""


async def add_attachment(request: web.Request) -> web.Response:
    """Upload a file for a message, as raw bytes; its kind is in Content-Type."""
    query = parse_query(request, AttachmentQuery)
    device = device_of(request)
    conversation = await device.conversations.get(_id(request))
    blocks = request.content.iter_chunked(_BLOCK)
    kept = await device.attachments.add(conversation.id, query.name, request.content_type, aiter(blocks))
    note(request).details["size"] = kept.size
    return answer(AttachmentAnswer.of(kept), 201)


async def show_attachment(request: web.Request) -> web.StreamResponse:
    """The bytes of an attached file; images may be shown in a page, everything else is saved."""
    device = device_of(request)
    found = await device.attachments.get(_id(request), request.match_info["attachment_id"])
    response = web.StreamResponse()
    response.content_type = found.mime if found.mime in _SHOWN else "application/octet-stream"
    response.content_length = found.size
    response.headers["Content-Security-Policy"] = DOWNLOAD_CSP
    if found.mime not in _SHOWN:
        response.headers[hdrs.CONTENT_DISPOSITION] = as_attachment(found.name)
    await _send(request, response, device.attachments.path(found.id))
    return response


async def find_files(request: web.Request) -> web.Response:
    """Paths below the conversation's folder that go with a text, for @mentions."""
    query = parse_query(request, FilesQuery)
    return answer(FilesAnswer(paths=list(await device_of(request).folders.files(_id(request), query.q, query.limit))))


async def show_changes(request: web.Request) -> web.Response:
    """What a turn changed in the folder, or what is not committed there."""
    query = parse_query(request, ChangesQuery)
    found = await device_of(request).folders.changes(_id(request), query.turn)
    files = [_shown(changed) for changed in found.files]
    return answer(ChangesAnswer(available=found.available, branch=found.branch, files=files))


async def commit(request: web.Request) -> web.Response:
    """Commit everything that changed in the folder."""
    body = await parse_body(request, CommitBody)
    made, branch = await device_of(request).folders.commit(_id(request), body.message)
    note(request).details["commit"] = made
    return answer(CommitAnswer(commit=made, branch=branch), 201)


async def push(request: web.Request) -> web.Response:
    """Push the branch that is checked out."""
    branch, output = await device_of(request).folders.push(_id(request))
    note(request).details["branch"] = branch
    return answer(PushAnswer(branch=branch, output=output))


async def discard(request: web.Request) -> web.Response:
    """Take back what a turn changed, or give up everything that is not committed."""
    body = await parse_body(request, DiscardBody)
    note(request).details["turn"] = body.turn
    await device_of(request).folders.discard(_id(request), body.turn)
    return nothing()


async def _send(request: web.Request, response: web.StreamResponse, path: Path) -> None:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await response.prepare(request)
        while block := await asyncio.to_thread(file.read, _BLOCK):
            await response.write(block)
        await response.write_eof()
    finally:
        await asyncio.to_thread(file.close)


def _shown(changed: Changed) -> FileChange:
    diff = None
    if changed.shown:
        diff = DiffPart(id=changed.new_blob, path=changed.path, old=changed.old, new=changed.new or "")
    return FileChange(path=changed.path, added=changed.added, removed=changed.removed, diff=diff)


def _id(request: web.Request) -> str:
    return request.match_info["conversation_id"]
