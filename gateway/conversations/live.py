"""A conversation while something happens with it: what is in memory beside what is in the store."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.conversations.records.rows import Kept, KeptTurn
from gateway.conversations.types import Conversation, ConversationStatus, Manner
from gateway.conversations.voice import Voice
from gateway.events.chat import ConversationChanged

if TYPE_CHECKING:
    from gateway.conversations.agent_client.agent import AwakeAgent
    from gateway.conversations.turning import Turning


def now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Live:
    """One conversation. Only the event loop's thread touches it."""

    kept: Kept
    voice: Voice
    last_message_id: str
    """The last message that was told of."""
    last_turn: KeptTurn | None
    queue: deque[KeptTurn] = field(default_factory=deque)
    turning: Turning | None = None
    agent: AwakeAgent | None = None
    runner: asyncio.Task[None] | None = None
    cost: float = 0.0
    """What the awake agent says it cost so far."""
    to_introduce: bool = False
    """The agent knows neither its instructions nor what was said before."""
    accepting: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Messages are stored and told of in one order."""
    looking: asyncio.Task[str | None] | None = None
    """Finds out what the folder is after the last turn."""
    warming: asyncio.Task[None] | None = None
    """Wakes the agent ahead of a message."""
    warmed_at: datetime | None = None
    """When that was done last."""
    removed: bool = False
    users: int = 0
    """Calls and viewers that hold it; it may be forgotten when there are none and nothing happens."""

    @property
    def id(self) -> str:
        """The conversation's id."""
        return self.kept.conversation.id

    @property
    def busy(self) -> bool:
        """Whether a turn runs or waits to run, or the agent is being woken."""
        return self.turning is not None or bool(self.queue) or self.runner is not None or self.warming is not None

    @property
    def waits_for_a_message(self) -> bool:
        """Whether its agent was woken ahead of a message that has not come."""
        return self.warmed_at is not None and self.warmed_at > self.kept.conversation.updated_at

    @property
    def idle_seconds(self) -> float:
        """How long its agent has had nothing to do, where it is awake and not busy."""
        used = self.kept.conversation.updated_at
        return (now() - max(used, self.warmed_at or used)).total_seconds()

    def heard(self) -> None:
        """The agent said something."""
        if self.turning is not None:
            self.turning.heard_at = asyncio.get_running_loop().time()

    def shown(self) -> Conversation:
        """The conversation as others see it."""
        return replace(self.kept.conversation, awake=self.agent is not None)

    def change(self, **values: object) -> None:
        """Another value for fields of the conversation, in memory and to everybody; the caller saves it."""
        before = self.shown()
        self.kept = replace(self.kept, conversation=replace(self.kept.conversation, **values))  # type: ignore[arg-type]
        if _told(before) != _told(self.shown()):
            self.tell()

    def tell(self) -> None:
        """Tell everybody how the conversation stands."""
        one = self.shown()
        self.voice.publish(
            ConversationChanged(
                conversation_id=one.id,
                title=one.title,
                cli=one.cli,
                status=one.status,
                archived=one.archived,
                awake=one.awake,
                permission=one.permission,
                model=one.model,
            )
        )

    def set_agent(self, agent: AwakeAgent | None) -> None:
        """The agent woke, or sleeps."""
        if (self.agent is None) != (agent is None):
            self.agent = agent
            self.cost = 0.0
            self.tell()
        self.agent = agent


def _told(one: Conversation) -> tuple[str, ConversationStatus, bool, bool, Manner]:
    return one.title, one.status, one.archived, one.awake, one.manner
