"""What the page, the API and the dialects may ask of conversations; :mod:`gateway.conversations` answers it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from gateway.conversations.types import (
    Conversation,
    ConversationQuery,
    Found,
    Message,
    NewConversation,
    NewMessage,
    Page,
    Permission,
    PermissionRequest,
    Reply,
    Turn,
)
from gateway.events.chat import ChatEvent


@dataclass(frozen=True, slots=True)
class Opening:
    """A conversation at one moment: its last messages, oldest first, and the open permission requests."""

    conversation: Conversation
    messages: Sequence[Message]
    permissions: Sequence[PermissionRequest]
    turn: Turn | None
    """The running turn, or the last one."""


class ConversationService(Protocol):
    """Every refusal is a Problem; NOT_FOUND for what is not there."""

    async def create(self, new: NewConversation) -> Conversation:
        """Make one; no program is started before its first message, or :meth:`warm`."""

    async def list(self, query: ConversationQuery) -> Page:
        """The newest first."""

    async def get(self, conversation_id: str) -> Conversation:
        """One."""

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        """Another title."""

    async def archive(self, conversation_id: str, archived: bool) -> Conversation:
        """Out of the list, or back into it. A running turn is not touched."""

    async def permit(self, conversation_id: str, permission: Permission, *, by: str) -> Conversation:
        """Let its agent do this of itself, from now on, also in a turn that runs as far as its CLI can be told then.
        What was allowed for good is asked again; open questions that need no answer any more are answered."""

    async def choose_model(self, conversation_id: str, model: str | None) -> Conversation:
        """Another model from the next message on; None for the CLI's own choice."""

    async def remove(self, conversation_id: str) -> None:
        """Cancel what runs and forget it with its messages."""

    async def messages(
        self, conversation_id: str, *, before: str | None = None, after: str | None = None, limit: int = 100
    ) -> Sequence[Message]:
        """Oldest first; without a place the last ``limit``."""

    async def message(self, conversation_id: str, message_id: str) -> Message:
        """One."""

    async def turns(self, conversation_id: str, *, limit: int = 100) -> Sequence[Turn]:
        """The last turns, oldest first."""

    async def send(self, conversation_id: str, message: NewMessage) -> Turn:
        """Accept a message: once this returns it is in the store. It waits its turn behind one that runs.

        Raises:
            Problem: TOO_LARGE, TOO_MANY (messages waiting), AGENT_MISSING, WORKDIR_MISSING, DISK_FULL.
        """

    async def warm(self, conversation_id: str) -> None:
        """Begin to wake its agent ahead of a message, where there is room for one more; it sleeps again soon when none
        comes. What goes wrong is told with the message."""

    async def wait(self, conversation_id: str, turn_id: str) -> Turn:
        """The turn when it is over."""

    async def retry(self, conversation_id: str) -> Turn:
        """Send the message of the failed last turn again. CONFLICT when it did not fail."""

    async def cancel(self, conversation_id: str) -> bool:
        """Stop the running turn and drop what waits; False when nothing ran. Over within a second."""

    async def permissions(self, conversation_id: str | None = None) -> Sequence[PermissionRequest]:
        """The open requests, of one conversation or all."""

    async def answer(self, permission_id: str, reply: Reply, *, by: str) -> PermissionRequest:
        """Answer a request. CONFLICT when somebody else has."""

    async def search(self, text: str, *, limit: int = 50) -> Sequence[Found]:
        """Full-text search over all history, the best first."""

    async def export(self, conversation_id: str, form: Literal["json", "markdown"]) -> bytes:
        """The whole conversation."""

    def watch(self, conversation_id: str) -> AbstractAsyncContextManager[tuple[Opening, AsyncIterator[ChatEvent]]]:
        """How it stands, and from that moment on every event of it, none missing and none twice.

        The iterator raises :class:`foundation.bus.FellBehind` where its reader is too slow; watch again then.
        """
