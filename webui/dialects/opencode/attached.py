"""The files of a message: those in the session's folder by their path, and those that come along in ``data:`` URLs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from gateway.conversations.records.attachments import Attachment
from gateway.conversations.sending import MAX_FILES
from gateway.conversations.types import Conversation, NewFile
from protocol.problems import Problem, ProblemCode
from webui.dialects.opencode.context import opencode_of
from webui.dialects.opencode.data_urls import name_for, read_data_url
from webui.dialects.opencode.requests import FileInput


class Attached:
    """The files of one message. What came along is kept before the message is sent, and let go when that is refused."""

    def __init__(self, request: web.Request, conversation: Conversation) -> None:
        self._opencode = opencode_of(request)
        self._conversation = conversation
        self._kept: list[Attachment] = []

    async def take(self, inputs: Sequence[FileInput]) -> list[NewFile]:
        """The files as a message names them.

        Raises:
            Problem: INVALID_REQUEST, PATH_OUTSIDE_WORKSPACE, TOO_MANY, TOO_LARGE, DISK_FULL.
        """
        if len(inputs) > MAX_FILES:
            raise Problem(ProblemCode.TOO_MANY, f"A message takes at most {MAX_FILES} files. Send several messages.")
        return [await self._file(part, number) for number, part in enumerate(inputs, 1)]

    async def let_go(self) -> None:
        """Forget what was kept: nobody will name it."""
        for attachment in self._kept:
            await self._opencode.attachments.remove(attachment)
        self._kept.clear()

    async def _file(self, part: FileInput, number: int) -> NewFile:
        if part.is_data:
            data = await asyncio.to_thread(read_data_url, part.url, part.mime)
            name = part.filename or name_for(data.mime, number)
            blocks = _blocks(data.content)
            kept = await self._opencode.attachments.add(self._conversation.id, name, data.mime, blocks)
            self._kept.append(kept)
            return NewFile(attachment=kept.id)
        path = part.path()
        if path is None:
            raise Problem(
                ProblemCode.INVALID_REQUEST,
                "Files are taken as data: URLs, or as file: URLs inside the session's folder.",
            )
        inside = self._opencode.workspace.resolve(str(path))
        if not inside.is_relative_to(self._conversation.folder):
            raise Problem(
                ProblemCode.PATH_OUTSIDE_WORKSPACE,
                f"{path.name[:100]!r} does not lie in the session's folder. Copy it there, or send it as a data: URL.",
            )
        return NewFile(path=inside.relative_to(self._conversation.folder).as_posix())


async def _blocks(content: bytes) -> AsyncIterator[bytes]:
    yield content
