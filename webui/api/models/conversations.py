"""Conversations, messages, turns, permissions and workers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, RootModel, StringConstraints

from foundation.web.models import NO_CONTROLS, Answer, Body, Line, WorkspacePath
from gateway.agents.types import AgentName
from gateway.conversations.parts import MAX_TEXT, DiffPart
from gateway.conversations.records.attachments import Attachment
from gateway.conversations.service import Opening
from gateway.conversations.types import (
    Conversation,
    ConversationStatus,
    Found,
    Message,
    NewFile,
    Permission,
    PermissionRequest,
    Reply,
    SlashCommand,
    Turn,
    TurnProblem,
    TurnState,
    Usage,
)
from gateway.events.chat import ChatEvent

Title = Annotated[Line, Field(min_length=1)]
Model = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_CONTROLS)]
Place = Annotated[str, StringConstraints(max_length=100, pattern=NO_CONTROLS)]
ClientId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=NO_CONTROLS)]
SearchText = Annotated[str, StringConstraints(max_length=500, pattern=NO_CONTROLS)]


class NewConversationBody(Body):
    """A conversation to begin. ``worker`` or ``cli`` has to be there; a worker's values stand in for what is not."""

    title: Annotated[Line, Field(description="Made from the first message when it is left out.")] = ""
    worker: str | None = Field(None, max_length=64, description="Id of a configured worker.")
    cli: AgentName | None = None
    model: Model | None = None
    folder: WorkspacePath | None = Field(None, description="Below the workspace; its root when nobody says.")
    permission: Permission | None = None
    worktree: bool = Field(False, description="Work in a git worktree and branch of its own.")
    parent: str | None = Field(None, max_length=64, description="The conversation this one comes from.")


class ConversationChange(Body):
    """What to change of a conversation; what is left out stays."""

    title: Title | None = None
    archived: bool | None = None
    permission: Permission | None = Field(
        None, description="What its agent may do of itself, from now on. What was allowed for good is asked again."
    )
    model: Model | None = Field(None, description="From the next message on; null for the CLI's own choice.")


class WorktreeAnswer(Answer):
    """A git worktree of its own; ``base`` is the commit it started from."""

    folder: str
    branch: str
    base: str


class ConversationAnswer(Answer):
    """A conversation without its messages."""

    id: str
    title: str
    worker: str | None
    cli: str
    model: str | None
    folder: str
    permission: Permission
    status: ConversationStatus
    created_at: datetime
    updated_at: datetime
    archived: bool
    origin: str
    awake: bool = Field(description="Its program runs; a sleeping one is loaded again by the next message.")
    parent: str | None
    worktree: WorktreeAnswer | None
    commands: list[SlashCommand] = Field(description="What the agent offers as /name.")
    preview: str
    problem: TurnProblem | None

    @classmethod
    def of(cls, one: Conversation) -> ConversationAnswer:
        """The answer that shows a conversation."""
        tree = one.worktree
        return cls(
            id=one.id,
            title=one.title,
            worker=one.agent_id,
            cli=one.cli,
            model=one.model,
            folder=str(one.folder),
            permission=one.permission,
            status=one.status,
            created_at=one.created_at,
            updated_at=one.updated_at,
            archived=one.archived,
            origin=one.origin,
            awake=one.awake,
            parent=one.parent_id,
            worktree=None
            if tree is None
            else WorktreeAnswer(folder=str(tree.folder), branch=tree.branch, base=tree.base),
            commands=list(one.commands),
            preview=one.preview,
            problem=one.problem,
        )


class ConversationsQuery(Body):
    """Which conversations, the one that changed last first."""

    q: SearchText = Field("", description="Words of the title.")
    archived: bool = False
    status: Literal["idle", "working", "waiting", "failed"] | None = None
    cli: AgentName | None = None
    worker: str | None = Field(None, max_length=64)
    folder: WorkspacePath | None = None
    limit: int = Field(50, ge=1, le=200)
    before: Place | None = Field(None, description="``next`` of the page before.")


class ConversationsAnswer(Answer):
    """A page of conversations; ``next`` is null at the end."""

    conversations: list[ConversationAnswer]
    next: str | None
    total: int | None


class MessagesQuery(Body):
    """Which messages, oldest first: the last ones, or those before or after an id."""

    before: Place | None = None
    after: Place | None = None
    limit: int = Field(100, ge=1, le=500)


class MessagesAnswer(Answer):
    """Messages, oldest first."""

    messages: list[Message]


class NewMessageBody(Body):
    """A message to the agent; ``@path`` in it names a file below the conversation's folder."""

    text: str = Field("", max_length=MAX_TEXT)
    files: list[NewFile] = Field(default_factory=list, max_length=20)
    id: ClientId | None = Field(None, description="Your own id of the message: sent twice it is one message.")


class SendQuery(Body):
    """Whether to wait for the end of the turn."""

    wait: bool = Field(False, description="Answer with 200 when the turn is over.")


class TurnShown(Answer):
    """A turn."""

    id: str
    conversation_id: str
    state: TurnState
    started_at: datetime
    ended_at: datetime | None
    by: str
    usage: Usage | None
    problem: TurnProblem | None

    @classmethod
    def of(cls, turn: Turn) -> TurnShown:
        """The answer that shows a turn."""
        return cls(
            id=turn.id,
            conversation_id=turn.conversation_id,
            state=turn.state,
            started_at=turn.started_at,
            ended_at=turn.ended_at,
            by=turn.by,
            usage=turn.usage,
            problem=turn.problem,
        )


class TurnAnswer(Answer):
    """A turn that was accepted, or with ``wait`` one that is over."""

    turn: TurnShown


class TurnsQuery(Body):
    """How many of the last turns."""

    limit: int = Field(100, ge=1, le=1000)


class TurnsAnswer(Answer):
    """Turns, oldest first."""

    turns: list[TurnShown]


class CancelAnswer(Answer):
    """Whether something ran or waited."""

    cancelled: bool


class ExportForm(Body):
    """In which form."""

    form: Literal["json", "markdown"] = "json"


class PermissionsQuery(Body):
    """Of which conversation; of all when it is left out."""

    conversation: Place | None = None


class PermissionsAnswer(Answer):
    """What agents wait for, oldest first."""

    permissions: list[PermissionRequest]


class ReplyBody(Body):
    """A person's answer. ``always`` counts for tools of this kind in this conversation."""

    reply: Reply


class SearchQuery(Body):
    """Words that a message has; the last one may be the beginning of one."""

    q: Annotated[SearchText, Field(min_length=1)]
    limit: int = Field(50, ge=1, le=200)


class FoundAnswer(Answer):
    """A message with the words; in ``snippet`` they stand between U+0002 and U+0003."""

    conversation: ConversationAnswer
    message_id: str
    role: str
    at: datetime
    snippet: str

    @classmethod
    def of(cls, found: Found, conversation: ConversationAnswer) -> FoundAnswer:
        """The answer that shows a hit; many hits share their ``conversation``."""
        return cls(
            conversation=conversation,
            message_id=found.message_id,
            role=found.role,
            at=found.at,
            snippet=found.snippet,
        )


class SearchAnswer(Answer):
    """Hits, the best first."""

    found: list[FoundAnswer]


class AttachmentQuery(Body):
    """What the file is called."""

    name: Annotated[Line, Field(min_length=1)]


class AttachmentAnswer(Answer):
    """An attached file; size in bytes."""

    id: str
    name: str
    mime: str
    size: int
    created_at: datetime

    @classmethod
    def of(cls, attachment: Attachment) -> AttachmentAnswer:
        """The answer that shows an attachment."""
        return cls(
            id=attachment.id,
            name=attachment.name,
            mime=attachment.mime,
            size=attachment.size,
            created_at=attachment.created_at,
        )


class OpeningEvent(Answer):
    """How a conversation stands: the first event of its stream. The events after it are what happened since."""

    type: Literal["opening"] = "opening"
    conversation: ConversationAnswer
    messages: Sequence[Message]
    permissions: Sequence[PermissionRequest]
    turn: TurnShown | None

    @classmethod
    def of(cls, opening: Opening) -> OpeningEvent:
        """The event that shows a conversation."""
        return cls(
            conversation=ConversationAnswer.of(opening.conversation),
            messages=opening.messages,
            permissions=opening.permissions,
            turn=None if opening.turn is None else TurnShown.of(opening.turn),
        )


class ConversationEvent(RootModel[object]):
    """The data of one event in a conversation's stream."""

    # Not a RootModel of the union, which would be built at the start, with every event there is.
    model_config = ConfigDict(defer_build=True)

    root: Annotated[OpeningEvent | ChatEvent, Field(discriminator="type")]


class FilesQuery(Body):
    """A part of a path."""

    q: SearchText = ""
    limit: int = Field(30, ge=1, le=200)


class FilesAnswer(Answer):
    """Paths below the conversation's folder, the best match first."""

    paths: list[str]


class ChangesQuery(Body):
    """Of which turn; of the folder as it stands against its last commit when it is left out."""

    turn: Place | None = None


class FileChange(Answer):
    """How one file changed: lines added and removed (null for what is no text), and both sides of it."""

    path: str
    added: int | None
    removed: int | None
    diff: DiffPart | None = Field(description="Null for what is no text, or too long to show.")


class ChangesAnswer(Answer):
    """What changed, by path; ``available`` is false where there is no git or no trace of the turn."""

    available: bool
    branch: str | None
    files: list[FileChange]


class CommitBody(Body):
    """The message of a commit of everything that changed."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"^[^\x00]*$")]


class CommitAnswer(Answer):
    """The commit that was made."""

    commit: str
    branch: str | None


class PushAnswer(Answer):
    """Where it was pushed to, and what git said."""

    branch: str
    output: str


class DiscardBody(Body):
    """What to give up: the changes of one turn, or everything that is not committed."""

    turn: Place | None = None
