"""The events of conversations. The ``message.`` ones come by the dozen a second while an agent writes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.conversations.parts import AnyPart
from gateway.conversations.types import (
    ConversationStatus,
    Message,
    Permission,
    PermissionRequest,
    Reply,
    SlashCommand,
    TurnProblem,
    TurnState,
    Usage,
)


def _now() -> datetime:
    return datetime.now(UTC)


class _ChatEvent(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)

    at: datetime = Field(default_factory=_now)
    conversation_id: str


class ConversationCreated(_ChatEvent):
    """A conversation was made."""

    type: Literal["conversation.created"] = "conversation.created"
    title: str
    cli: str


class ConversationChanged(_ChatEvent):
    """A conversation's title, status, archive mark, wakefulness, permission or model is another one."""

    type: Literal["conversation.changed"] = "conversation.changed"
    title: str
    cli: str
    status: ConversationStatus
    archived: bool
    awake: bool
    permission: Permission
    model: str | None


class ConversationRemoved(_ChatEvent):
    """A conversation is gone with its messages."""

    type: Literal["conversation.removed"] = "conversation.removed"


class ConversationCommands(_ChatEvent):
    """The slash commands that the agent offers are others."""

    type: Literal["conversation.commands"] = "conversation.commands"
    commands: tuple[SlashCommand, ...]


class TurnStarted(_ChatEvent):
    """The agent begins with a message."""

    type: Literal["turn.started"] = "turn.started"
    turn_id: str
    title: str
    cli: str


class TurnEnded(_ChatEvent):
    """A turn is over; ``problem`` says why it failed."""

    type: Literal["turn.ended"] = "turn.ended"
    turn_id: str
    title: str
    cli: str
    state: TurnState
    usage: Usage | None = None
    problem: TurnProblem | None = None


class PermissionAsked(_ChatEvent):
    """An agent waits for a person's answer."""

    type: Literal["permission.asked"] = "permission.asked"
    title: str
    cli: str
    request: PermissionRequest


class PermissionAnswered(_ChatEvent):
    """A request is closed; ``reply`` is None where the turn ended before anybody answered."""

    type: Literal["permission.answered"] = "permission.answered"
    permission_id: str
    reply: Reply | None
    by: str


class MessageAdded(_ChatEvent):
    """A message began, with the parts it has so far."""

    type: Literal["message.added"] = "message.added"
    message: Message


class MessagePart(_ChatEvent):
    """A part is new, or another one than before: whole, in its place (``index`` counts from 0)."""

    type: Literal["message.part"] = "message.part"
    message_id: str
    index: int
    part: AnyPart


class MessageDelta(_ChatEvent):
    """Text to be put after that of a text or reasoning part, or after a tool's output."""

    type: Literal["message.delta"] = "message.delta"
    message_id: str
    part_id: str
    text: str


class MessageCompleted(_ChatEvent):
    """Nothing is added to a message any more."""

    type: Literal["message.completed"] = "message.completed"
    message_id: str


ChatEvent = (
    ConversationCreated
    | ConversationChanged
    | ConversationRemoved
    | ConversationCommands
    | TurnStarted
    | TurnEnded
    | PermissionAsked
    | PermissionAnswered
    | MessageAdded
    | MessagePart
    | MessageDelta
    | MessageCompleted
)
