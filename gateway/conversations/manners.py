"""Another permission or model for a conversation that has begun."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from gateway.conversations.live import Live
from gateway.conversations.permissions import Answer, Permissions
from gateway.conversations.policy import allows_kind
from gateway.conversations.records.conversations import ConversationRecords
from gateway.conversations.types import Permission, Reply
from gateway.conversations.waking import Waker
from protocol.problems import Problem


class Manners:
    """Changes how agents work.

    What an agent may do counts at once, also in the middle of a turn, as far as its CLI can be told then; a model
    counts from the next message on. What a CLI takes only at its start is made sure of before the next turn.
    """

    def __init__(self, records: ConversationRecords, permissions: Permissions, waker: Waker) -> None:
        self._records = records
        self._permissions = permissions
        self._waker = waker

    async def permit(self, live: Live, permission: Permission, by: str) -> None:
        """Let the agent do this of itself. What was allowed for good before is forgotten, and a question that is open
        is answered where nobody needs to be asked any more."""
        forgets = bool(live.kept.always)
        live.kept = replace(live.kept, always=frozenset())
        live.change(permission=permission)
        await self._records.save(live.kept)
        await self._waker.permit(live)
        if forgets and live.agent is not None:
            # The CLI remembers it too, and nothing but its end makes it forget.
            await live.agent.distrust()
        for request in self._permissions.of(live.id):
            if allows_kind(permission, request.tool_kind):
                with suppress(Problem):
                    self._permissions.answer(request.id, Answer(Reply.ONCE, by))

    async def choose(self, live: Live, model: str | None) -> None:
        """Work with this model from the next message on; None for the CLI's own choice."""
        live.change(model=model)
        await self._records.save(live.kept)
