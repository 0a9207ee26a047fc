"""The conversations that are in memory: loaded when somebody needs one, forgotten when nobody does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from gateway.conversations.live import Live
from gateway.conversations.records.conversations import ConversationRecords
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.records.rows import Kept
from gateway.conversations.voice import ChatBus, Voice
from gateway.events.publisher import Publisher
from protocol.problems import Problem, ProblemCode


class Lives:
    """At most one :class:`Live` for each conversation, however many ask for it."""

    def __init__(
        self, records: ConversationRecords, messages: MessageRecords, device: Publisher, chat: ChatBus
    ) -> None:
        self._records = records
        self._messages = messages
        self._device = device
        self._chat = chat
        self._lives: dict[str, Live] = {}

    def __iter__(self) -> Iterator[Live]:
        return iter(tuple(self._lives.values()))

    def find(self, conversation_id: str) -> Live | None:
        """One that is in memory."""
        return self._lives.get(conversation_id)

    def add(self, kept: Kept) -> Live:
        """A new one."""
        voice = Voice(kept.conversation.id, self._device, self._chat)
        live = Live(kept, voice, last_message_id="", last_turn=None)
        return self._lives.setdefault(live.id, live)

    def forget_worker(self, worker_id: str) -> None:
        """A worker was removed: its conversations are nobody's."""
        for live in self:
            if live.kept.conversation.agent_id == worker_id:
                live.change(agent_id=None)

    @asynccontextmanager
    async def hold(self, conversation_id: str) -> AsyncIterator[Live]:
        """One, which stays in memory meanwhile. Raises NOT_FOUND."""
        live = self._lives.get(conversation_id) or await self._load(conversation_id)
        live.users += 1
        try:
            yield live
        finally:
            live.users -= 1
            self.forget_unused(live)

    def forget_unused(self, live: Live) -> None:
        """Forget one that nobody holds and nothing happens with."""
        if not live.users and not live.busy and live.agent is None and self._lives.get(live.id) is live:
            del self._lives[live.id]

    async def _load(self, conversation_id: str) -> Live:
        kept = await self._records.get(conversation_id)
        if kept is None:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such conversation. Look at the list again.")
        turns = await self._records.turns(conversation_id, 1)
        last = await self._messages.last_id(conversation_id)
        found = self._lives.get(conversation_id)
        if found is not None:
            return found
        live = self.add(kept)
        live.last_message_id = last
        live.last_turn = turns[-1] if turns else None
        return live
