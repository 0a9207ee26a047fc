"""What a message is made of. One model for the page, the API, the store and every dialect; a dialect translates it.

Parts are values: a part that grows or changes state is replaced by another one with the same ``id``.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 1024 * 1024
"""Characters of one text or of one tool's output that are kept; what is over is cut, and the cut is said."""
MAX_ATTACHMENT = 20 * 1024 * 1024
"""Bytes of one attached file, as for files on the wire."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)

    id: str


class TextPart(_Part):
    """Words, in Markdown when the agent wrote them."""

    kind: Literal["text"] = "text"
    text: str


class ReasoningPart(_Part):
    """What the agent says of its thinking."""

    kind: Literal["reasoning"] = "reasoning"
    text: str


class ToolKind(StrEnum):
    """What a tool does, in the words of ACP (agentclientprotocol.com, Tool Calls)."""

    READ = "read"
    EDIT = "edit"
    DELETE = "delete"
    MOVE = "move"
    SEARCH = "search"
    EXECUTE = "execute"
    THINK = "think"
    FETCH = "fetch"
    OTHER = "other"


class ToolState(StrEnum):
    """How far a tool call is. WAITING stands for a permission that a person has to give."""

    PENDING = "pending"
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ToolPart(_Part):
    """A tool call. ``input`` is JSON text as the agent gave it, ``output`` plain text as far as it came."""

    kind: Literal["tool"] = "tool"
    call_id: str
    name: str = Field(description="The tool's short name, e.g. bash; the kind where the CLI tells none.")
    title: str = Field(description="One line for a person, e.g. the command that runs.")
    tool_kind: ToolKind = ToolKind.OTHER
    state: ToolState = ToolState.PENDING
    input: str = ""
    output: str = ""
    paths: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None


class DiffPart(_Part):
    """A change of one file that a tool makes; ``old`` is None for a new file. Paths are relative to the folder."""

    kind: Literal["diff"] = "diff"
    call_id: str | None = None
    path: str
    old: str | None
    new: str


class FilePart(_Part):
    """A file or image that a person attached or mentioned. The bytes lie in the attachments, never in the store."""

    kind: Literal["file"] = "file"
    name: str
    mime: str
    size: int
    path: str | None = Field(default=None, description="Below the conversation's folder, for an @mention.")
    attachment: str | None = Field(default=None, description="Id of an uploaded attachment.")


class PlanEntry(BaseModel):
    """A step of a plan."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    content: str
    priority: Literal["high", "medium", "low"] = "medium"
    status: Literal["pending", "in_progress", "completed"] = "pending"


class PlanPart(_Part):
    """The agent's plan as it stands."""

    kind: Literal["plan"] = "plan"
    entries: tuple[PlanEntry, ...]


AnyPart = Annotated[TextPart | ReasoningPart | ToolPart | DiffPart | FilePart | PlanPart, Field(discriminator="kind")]
