"""Conversations as the rest of Hutch sees them: plain values, no ACP. Times are aware UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.conversations.parts import AnyPart, DiffPart
from protocol.problems import ProblemCode

Origin = Literal["page", "api", "hub", "opencode", "command", "hutch"]
"""Where a conversation or a message came from."""


class ConversationStatus(StrEnum):
    """What a conversation is doing. FAILED: its last turn failed and can be retried."""

    IDLE = "idle"
    WORKING = "working"
    WAITING = "waiting"
    FAILED = "failed"


class TurnState(StrEnum):
    """How a turn stands. A turn is one message of a person and everything the agent does until it is done."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Permission(StrEnum):
    """What an agent may do of itself: ask for everything, edit files without asking, or do all without asking."""

    ASK = "ask"
    EDITS = "edits"
    ALL = "all"


class Reply(StrEnum):
    """A person's answer to a permission request."""

    ONCE = "once"
    ALWAYS = "always"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Agent:
    """A configured worker. ``folder`` is absolute; ``instructions`` are given to the CLI before the first message."""

    id: str
    name: str
    cli: str
    model: str | None
    folder: Path
    instructions: str
    permission: Permission
    environment: Mapping[str, str]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Manner:
    """How an agent works in a conversation: what it may do of itself, and with which model (None: the CLI's own)."""

    permission: Permission
    model: str | None


@dataclass(frozen=True, slots=True)
class Worktree:
    """A git worktree of its own in which a conversation works; ``folder`` is absolute."""

    folder: Path
    branch: str
    base: str
    """The commit it started from."""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command the agent offers, typed as ``/name``."""

    name: str
    description: str
    hint: str | None = None


class Usage(BaseModel):
    """What a turn took, as far as the CLI tells. Cost in US dollars."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    context_tokens: int | None = None
    context_limit: int | None = None
    cost_usd: float | None = None


class TurnProblem(BaseModel):
    """Why a turn failed: a code for programs, a sentence for people, and whether trying again makes sense."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    code: ProblemCode
    message: str
    retryable: bool = True


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its messages."""

    id: str
    """``con_`` and 20 letters and digits, growing with time."""
    title: str
    agent_id: str | None
    cli: str
    model: str | None
    folder: Path
    permission: Permission
    status: ConversationStatus
    created_at: datetime
    updated_at: datetime
    archived: bool
    origin: Origin
    awake: bool = False
    """Its CLI process is running; asleep ones are loaded again by the next message."""
    parent_id: str | None = None
    worktree: Worktree | None = None
    commands: Sequence[SlashCommand] = ()
    preview: str = ""
    """The beginning of the last message."""
    problem: TurnProblem | None = None

    @property
    def manner(self) -> Manner:
        """How its agent is to work from its next message on."""
        return Manner(self.permission, self.model)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation."""

    id: str
    conversation_id: str
    state: TurnState
    started_at: datetime
    ended_at: datetime | None
    by: str
    """The person's name, or what sent it (``hub``, ``hutch``)."""
    usage: Usage | None = None
    problem: TurnProblem | None = None


class Message(BaseModel):
    """A message. Ids grow with time within a conversation."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: str
    conversation_id: str
    turn_id: str
    role: Literal["user", "agent"]
    by: str = ""
    created_at: datetime
    completed_at: datetime | None = None
    parts: tuple[AnyPart, ...] = ()
    usage: Usage | None = Field(None, description="What the turn took, at the agent's answer, once it is over.")


class PermissionOption(BaseModel):
    """An answer the CLI offers; ``kind`` in the words of ACP."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: str
    label: str
    kind: Literal["allow_once", "allow_always", "reject_once", "reject_always"]


class PermissionRequest(BaseModel):
    """The agent asks whether it may. It stays open until answered, cancelled, or the turn ends."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: str
    conversation_id: str
    turn_id: str
    call_id: str
    title: str
    tool_kind: str = "other"
    input: str = ""
    diffs: tuple[DiffPart, ...] = ()
    options: tuple[PermissionOption, ...] = ()
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class NewConversation:
    """What a conversation is to be. Exactly one of ``agent_id`` and ``cli`` may be left out; the agent's values win
    only where nothing is given here. ``folder`` relative to the workspace root, or absolute below it."""

    title: str = ""
    agent_id: str | None = None
    cli: str | None = None
    model: str | None = None
    folder: Path | None = None
    permission: Permission | None = None
    worktree: bool = False
    origin: Origin = "api"
    parent_id: str | None = None


class NewFile(BaseModel):
    """A file that goes with a message: an attachment uploaded before, or a path below the conversation's folder."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    attachment: str | None = None
    path: str | None = Field(default=None, max_length=4096)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What a person sends."""

    text: str
    files: Sequence[NewFile] = ()
    by: str = ""
    origin: Origin = "api"
    id: str | None = None
    """The client's own id: the same id twice is one message."""


@dataclass(frozen=True, slots=True)
class Found:
    """One hit of a search. ``snippet`` has the hit's words between U+0002 and U+0003."""

    conversation: Conversation
    message_id: str
    role: str
    at: datetime
    snippet: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a longer list; ``next`` goes into the next request, None at the end."""

    items: Sequence[Conversation]
    next: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class ConversationQuery:
    """Which conversations; the newest first."""

    archived: bool = False
    text: str = ""
    cli: str | None = None
    agent_id: str | None = None
    folder: Path | None = None
    status: ConversationStatus | None = None
    limit: int = 50
    before: str | None = None
