"""What the rest of Hutch sees of files: paths are POSIX and relative to the workspace root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder. ``size`` in bytes, 0 for a folder; a link is shown, never followed out."""

    name: str
    path: str
    kind: Literal["file", "folder", "link", "other"]
    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """A file that is about to be sent: its size in bytes and how many chunks that makes."""

    transfer_id: str
    path: str
    size: int
    total_chunks: int
    sha256: str
