"""Attached files: bytes in a private folder, one file each, written as they arrive."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from gateway.conversations.ids import Ids
from gateway.conversations.live import now
from gateway.conversations.parts import MAX_ATTACHMENT
from gateway.conversations.records.attachments import Attachment, AttachmentRecords
from gateway.host.errnos import problems_of
from gateway.workspaces.beneath import opened_folder
from gateway.workspaces.replacing import replacing
from gateway.workspaces.rights import OWN, Rights
from protocol.problems import Problem, ProblemCode

MAX_EACH: Final = 200
"""Attachments of one conversation."""
FOLDER: Final = ".hutch"
"""Where a file lies that an agent has to open itself: in its folder, and unseen by git."""
_ID: Final = re.compile(r"att_[0-9a-z]{20}")
_MIME: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,63}/[a-z0-9!#$&^_.+-]{1,63}")
_UNKNOWN: Final = "application/octet-stream"


class Attachments:
    """The attachments of all conversations."""

    def __init__(self, folder: Path, records: AttachmentRecords, ids: Ids, rights: Rights = OWN) -> None:
        self._folder = folder
        self._records = records
        self._ids = ids
        self._rights = rights

    def prepare(self) -> None:
        """Make the folder. Blocks."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, attachment_id: str) -> Path:
        """Where the bytes of an attachment lie. Raises NOT_FOUND for what is no id."""
        if not _ID.fullmatch(attachment_id):
            raise _missing()
        return self._folder / attachment_id

    async def get(self, conversation_id: str, attachment_id: str) -> Attachment:
        """One. Raises NOT_FOUND."""
        found = await self._records.get(conversation_id, attachment_id)
        if found is None:
            raise _missing()
        return found

    async def add(self, conversation_id: str, name: str, mime: str, blocks: AsyncIterator[bytes]) -> Attachment:
        """Keep a file. Raises TOO_LARGE, TOO_MANY, INVALID_REQUEST, DISK_FULL; nothing of it is left then."""
        if len(await self._records.of(conversation_id)) >= MAX_EACH:
            raise Problem(ProblemCode.TOO_MANY, f"A conversation has at most {MAX_EACH} attachments.")
        plain = _plain_name(name)
        attachment_id = self._ids.new("att")
        path = self.path(attachment_id)
        try:
            size = await _write(path, blocks)
            kind = mime.partition(";")[0].strip().lower()
            attachment = Attachment(
                id=attachment_id,
                conversation_id=conversation_id,
                name=plain,
                mime=kind if _MIME.fullmatch(kind) else _UNKNOWN,
                size=size,
                created_at=now(),
            )
            await self._records.add(attachment)
        except BaseException:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise
        return attachment

    async def remove_all(self, conversation_id: str) -> None:
        """Remove the bytes of a conversation's attachments."""
        for attachment in await self._records.of(conversation_id):
            await asyncio.to_thread(self.path(attachment.id).unlink, missing_ok=True)

    def give(self, attachment_id: str, name: str, folder: Path) -> Path:
        """Copy an attachment to where an agent can read it; its path. Blocks; raises :class:`Problem`."""
        source, rights = self.path(attachment_id), self._rights
        names = (FOLDER, attachment_id)
        with problems_of(f"{FOLDER}/{name}"), opened_folder(folder, (FOLDER,), make=True, rights=rights) as top:
            _hide_from_git(top, rights)
        with (
            problems_of(f"{FOLDER}/{name}"),
            opened_folder(folder, names, make=True, rights=rights) as fd,
            source.open("rb") as kept,
            replacing(fd, name, rights) as out,
        ):
            shutil.copyfileobj(kept, out)
        return folder.joinpath(*names, name)


async def _write(path: Path, blocks: AsyncIterator[bytes]) -> int:
    size = 0
    with problems_of("The attachment"):
        file = await asyncio.to_thread(path.open, "xb")
        try:
            await asyncio.to_thread(path.chmod, 0o600)
            async for block in blocks:
                size += len(block)
                if size > MAX_ATTACHMENT:
                    raise too_large()
                await asyncio.to_thread(file.write, block)
            await asyncio.to_thread(_settle, file.fileno(), file.flush)
        finally:
            await asyncio.to_thread(file.close)
    return size


def _settle(descriptor: int, flush: object) -> None:
    if callable(flush):
        flush()
    os.fsync(descriptor)


def too_large() -> Problem:
    """The refusal of a file that is too large."""
    return Problem(
        ProblemCode.TOO_LARGE,
        f"An attachment has at most {MAX_ATTACHMENT // 1024 // 1024} MiB. Put the file into the workspace instead and "
        "name it with @.",
        {"limit": MAX_ATTACHMENT},
    )


def _plain_name(name: str) -> str:
    """A file name without a path. Raises INVALID_REQUEST."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    plain = "".join(char for char in last if char.isprintable())
    if plain in {"", ".", ".."} or len(plain.encode(errors="replace")) > 200:
        raise Problem(ProblemCode.INVALID_REQUEST, "The file needs a name of 1 to 200 bytes. Give one.")
    return plain


def _hide_from_git(folder: int, rights: Rights) -> None:
    try:
        os.stat(".gitignore", dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        with replacing(folder, ".gitignore", rights) as file:
            file.write(b"*\n")


def _missing() -> Problem:
    return Problem(ProblemCode.NOT_FOUND, "There is no such attachment. Attach the file again.")
