"""Looking at conversations: what is stored, with what grows in memory laid over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Literal

from gateway.conversations.exporting import as_json, as_markdown
from gateway.conversations.lives import Lives
from gateway.conversations.permissions import Permissions
from gateway.conversations.records.conversations import ConversationRecords
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.records.search import SearchRecords
from gateway.conversations.service import Opening
from gateway.conversations.types import (
    Conversation,
    ConversationQuery,
    Found,
    Message,
    Page,
    PermissionRequest,
    Turn,
)
from gateway.conversations.watching import watch
from gateway.events.chat import ChatEvent
from protocol.problems import Problem, ProblemCode

MAX_EXPORT = 100_000
"""Messages of one conversation that an export brings."""


class ConversationReader:
    """The part of :class:`gateway.conversations.service.ConversationService` that changes nothing."""

    def __init__(
        self,
        *,
        lives: Lives,
        records: ConversationRecords,
        messages: MessageRecords,
        found: SearchRecords,
        permissions: Permissions,
    ) -> None:
        self._lives = lives
        self._records = records
        self._messages = messages
        self._found = found
        self._permissions = permissions

    async def list(self, query: ConversationQuery) -> Page:
        """The one that changed last first."""
        page = await self._records.page(query)
        return replace(page, items=[self._shown(one) for one in page.items])

    async def get(self, conversation_id: str) -> Conversation:
        """One."""
        async with self._lives.hold(conversation_id) as live:
            return live.shown()

    async def messages(
        self, conversation_id: str, *, before: str | None = None, after: str | None = None, limit: int = 100
    ) -> Sequence[Message]:
        """Oldest first; without a place the last ``limit``."""
        async with self._lives.hold(conversation_id) as live:
            stored = await self._messages.page(conversation_id, before=before, after=after, limit=limit)
            growing = None if live.turning is None else live.turning.message()
            if growing is None or (before is not None and growing.id >= before) or (after or "") >= growing.id:
                return stored
            whole = sorted([*(one for one in stored if one.id != growing.id), growing], key=lambda one: one.id)
            return whole[:limit] if after is not None and before is None else whole[-limit:]

    async def message(self, conversation_id: str, message_id: str) -> Message:
        """One."""
        async with self._lives.hold(conversation_id) as live:
            growing = None if live.turning is None else live.turning.message()
            if growing is not None and growing.id == message_id:
                return growing
            found = await self._messages.get(conversation_id, message_id)
        if found is None:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such message. Look at the conversation again.")
        return found

    async def turns(self, conversation_id: str, *, limit: int = 100) -> Sequence[Turn]:
        """The last turns, oldest first."""
        async with self._lives.hold(conversation_id) as live:
            kept = await self._records.turns(conversation_id, limit)
            running = live.turning
            return [running.kept.turn if running is not None and running.id == t.turn.id else t.turn for t in kept]

    async def permissions(self, conversation_id: str | None = None) -> Sequence[PermissionRequest]:
        """The open requests, of one conversation or all."""
        return self._permissions.of(conversation_id)

    async def search(self, text: str, *, limit: int = 50) -> Sequence[Found]:
        """Full-text search over all history, the best first."""
        hits = await self._found.find(text, limit)
        kept = await self._records.some(list({hit.conversation_id for hit in hits}))
        return [
            Found(self._shown(kept[hit.conversation_id].conversation), hit.message_id, hit.role, hit.at, hit.snippet)
            for hit in hits
            if hit.conversation_id in kept
        ]

    async def export(self, conversation_id: str, form: Literal["json", "markdown"]) -> bytes:
        """The whole conversation."""
        conversation = await self.get(conversation_id)
        messages = await self.messages(conversation_id, limit=MAX_EXPORT)
        if form == "markdown":
            return await asyncio.to_thread(as_markdown, conversation, messages)
        turns = await self.turns(conversation_id, limit=MAX_EXPORT)
        return await asyncio.to_thread(as_json, conversation, messages, turns)

    @asynccontextmanager
    async def watch(self, conversation_id: str) -> AsyncIterator[tuple[Opening, AsyncIterator[ChatEvent]]]:
        """How it stands, and from that moment on every event of it, none missing and none twice."""
        async with (
            self._lives.hold(conversation_id) as live,
            watch(live, self._messages, self._permissions) as opened,
        ):
            yield opened

    def _shown(self, stored: Conversation) -> Conversation:
        live = self._lives.find(stored.id)
        return stored if live is None else live.shown()
