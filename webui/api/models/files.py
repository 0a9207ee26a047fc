"""Files and transfers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from foundation.web.models import Answer, Body, Sha256, WorkspacePath
from gateway.workspaces.types import Entry

MAX_PAGE_FILE = 2 * 1024**3
"""Bytes of one file uploaded from a page."""
PAGE_CHUNK = 1024 * 1024
"""Bytes of a chunk of such an upload: 2,048 requests at most."""
SomePath = Annotated[WorkspacePath, Field(min_length=1)]


class FolderQuery(Body):
    """Which folder; the workspace root when left out."""

    path: WorkspacePath = ""


class PathQuery(Body):
    """Which file or folder."""

    path: SomePath


class EntryAnswer(Answer):
    """One name in a folder; size in bytes, 0 for what is not a file."""

    name: str
    path: str
    kind: Literal["file", "folder", "link", "other"]
    size: int
    modified_at: datetime

    @classmethod
    def of(cls, entry: Entry) -> EntryAnswer:
        """The answer that shows a file or folder."""
        return cls(name=entry.name, path=entry.path, kind=entry.kind, size=entry.size, modified_at=entry.modified_at)


class EntriesAnswer(Answer):
    """What is in a folder, folders first."""

    path: str
    entries: list[EntryAnswer]


class WorkspacesAnswer(Answer):
    """The folders at the top of the workspace."""

    folders: list[str]


class NewFolder(Body):
    """A folder to make."""

    path: SomePath


class Move(Body):
    """A file or folder to move or rename; nothing is ever replaced."""

    source: SomePath = Field(alias="from")
    to: SomePath


class NewUpload(Body):
    """A file that is about to be sent."""

    path: SomePath
    size: int = Field(ge=0, le=MAX_PAGE_FILE, description="Bytes.")
    sha256: Sha256 | None = None
    overwrite: bool = True


class UploadAnswer(Answer):
    """How to send it: ``total_chunks`` pieces of ``chunk_size`` bytes, the last one shorter."""

    transfer_id: str
    chunk_size: int
    total_chunks: int


class UploadEnd(Body):
    """The end of an upload."""

    sha256: Sha256 | None = None
