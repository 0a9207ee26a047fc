"""A turn while it runs: hears the agent, builds the answer, asks the person, and has it written each second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog

from gateway.conversations.agent_client.listener import Question
from gateway.conversations.agent_client.quirks.permission_calls import call_of_request
from gateway.conversations.composing import Change, Composer, Grown
from gateway.conversations.ids import Ids
from gateway.conversations.live import Live, now
from gateway.conversations.parts import AnyPart, DiffPart, ToolPart, ToolState
from gateway.conversations.permissions import Answer, Permissions
from gateway.conversations.policy import allows, option_for, remembered_as
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.records.rows import KeptTurn
from gateway.conversations.types import (
    ConversationStatus,
    Message,
    PermissionRequest,
    Reply,
    TurnState,
    Usage,
)
from gateway.conversations.updates import CommandsTold, ContextTold, FailureTold, ToolTold, Update
from gateway.events.chat import (
    MessageAdded,
    MessageCompleted,
    MessagePart,
    PermissionAnswered,
    PermissionAsked,
)
from protocol.problems import Problem

FLUSH_SECONDS: Final = 1.0
MAX_REASON: Final = 4_000
_log = structlog.get_logger(__name__)


class Turning:
    """One running turn. Implements :class:`gateway.conversations.agent_client.listener.Listener`."""

    def __init__(
        self, live: Live, turn: KeptTurn, permissions: Permissions, messages: MessageRecords, ids: Ids
    ) -> None:
        self.kept = turn
        self.cancelled = asyncio.Event()
        self.broken: asyncio.Future[Problem] = asyncio.get_running_loop().create_future()
        """Done when the answer outgrew every bound."""
        self.heard_at = asyncio.get_running_loop().time()
        self.usage = Usage(model=live.kept.conversation.model)
        self.failure = ""
        """What the agent says went wrong, where it ends the turn as if nothing had."""
        self._live = live
        self._permissions = permissions
        self._messages = messages
        self._ids = ids
        self._composer = Composer(live.kept.conversation.folder, lambda: ids.new("prt"), now)
        self._message: Message | None = None
        self._added = False
        self._asked = 0
        self._over = False
        self._writing = asyncio.Lock()

    @property
    def id(self) -> str:
        """The turn's id."""
        return self.kept.turn.id

    @property
    def waits(self) -> bool:
        """Whether a person has to answer before it goes on."""
        return self._asked > 0

    @property
    def tool_runs(self) -> bool:
        """Whether a tool is at work."""
        return self._composer.tool_runs

    def message(self) -> Message | None:
        """The answer as far as it is there."""
        return None if self._message is None else self._message.model_copy(update={"parts": self._composer.parts()})

    def told(self, updates: Sequence[Update]) -> None:
        """Take what the agent says."""
        if self._over or self.broken.done() or self.cancelled.is_set():
            return
        try:
            for update in updates:
                if isinstance(update, ContextTold):
                    self._use(update)
                elif isinstance(update, FailureTold):
                    self.failure = (self.failure + update.text)[:MAX_REASON]
                elif not isinstance(update, CommandsTold):
                    self._tell(self._composer.add(update))
        except Problem as problem:
            self.broken.set_result(problem)

    async def asked(self, question: Question) -> str | None:
        """Answer for the person where the policy does, else ask them."""
        self.told([call_of_request(question.call)])
        call = self._composer.tool(question.call.call_id)
        if call is None or self.cancelled.is_set():
            return None
        conversation = self._live.kept.conversation
        if allows(conversation.permission, self._live.kept.always, call):
            reply: Reply | None = Reply.ONCE
        else:
            reply = await self._ask(call, question)
            if reply is Reply.ALWAYS:
                self._live.kept = replace(self._live.kept, always=self._live.kept.always | {remembered_as(call)})
        if reply is None:
            return None
        state = ToolState.FAILED if reply is Reply.REJECT else ToolState.RUNNING
        self.told([ToolTold(question.call.call_id, state=state)])
        return option_for(reply, question.options)

    async def run_flushes(self) -> None:
        """Write the answer each second, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except Problem as problem:
                _log.warning("an answer waits in memory", code=problem.code.value)

    async def flush(self) -> None:
        """Write what is new of the answer. Who is cancelled meanwhile waits for the write: else nobody knew of it."""
        write = asyncio.create_task(self._write())
        try:
            await asyncio.shield(write)
        except asyncio.CancelledError:
            await asyncio.wait({write})
            raise

    async def _write(self) -> None:
        async with self._writing:
            if self._message is not None and not self._added:
                await self._messages.add(self._message)
                self._added = True
            changed = self._composer.take_changed()
            try:
                if changed and self._message is not None:
                    await self._messages.put_parts(self._message.id, changed)
            except Exception:
                self._composer.put_back(changed)
                raise

    def end(self, state: ToolState) -> tuple[Message | None, dict[int, AnyPart]]:
        """Nothing is added any more: the whole answer, and what of it is not written yet."""
        self._over = True
        self._permissions.close_turn(self.id)
        self._tell(self._composer.end(state))
        if self._message is None:
            return None, {}
        self._message = self._message.model_copy(update={"completed_at": now(), "parts": self._composer.parts()})
        return self._message, self._composer.take_changed()

    def add_usage(self, usage: Usage) -> None:
        """What the agent says the turn took, beside what it told meanwhile."""
        told = {name: value for name, value in usage.model_dump().items() if value is not None}
        self.usage = self.usage.model_copy(update=told)

    def tell_completed(self) -> None:
        """Tell that nothing is added any more."""
        if self._message is not None:
            self._live.voice.publish(MessageCompleted(conversation_id=self._live.id, message_id=self._message.id))

    def _use(self, told: ContextTold) -> None:
        update: dict[str, object] = {"context_tokens": told.used, "context_limit": told.size}
        if told.cost_usd is not None:
            # The agent counts from its own beginning, which may be later than the conversation's.
            spent = told.cost_usd - self._live.cost if told.cost_usd >= self._live.cost else told.cost_usd
            update["cost_usd"] = (self.usage.cost_usd or 0.0) + spent
            self._live.cost = told.cost_usd
        self.usage = self.usage.model_copy(update=update)

    def _tell(self, changes: Sequence[Change]) -> None:
        for change in changes:
            message = self._message or self._begin_message()
            if isinstance(change, Grown):
                self._live.voice.grow(message.id, change.part_id, change.text)
            else:
                self._live.voice.publish(
                    MessagePart(
                        conversation_id=self._live.id, message_id=message.id, index=change.index, part=change.part
                    )
                )

    def _begin_message(self) -> Message:
        conversation = self._live.kept.conversation
        message = Message(
            id=self._ids.new("msg"),
            conversation_id=conversation.id,
            turn_id=self.id,
            role="agent",
            by=conversation.cli,
            created_at=now(),
        )
        self._message = message
        self._live.last_message_id = message.id
        self._live.voice.publish(MessageAdded(conversation_id=conversation.id, message=message))
        return message

    async def _ask(self, call: ToolPart, question: Question) -> Reply | None:
        request = self._request(call, question)
        answer = self._permissions.open(request, self._tell_answered)
        conversation = self._live.kept.conversation
        self._wait(1)
        self._live.voice.publish(
            PermissionAsked(
                conversation_id=conversation.id, title=conversation.title, cli=conversation.cli, request=request
            )
        )
        try:
            chosen = await answer
        finally:
            self._permissions.close(request.id)
            self._wait(-1)
        return None if chosen is None else chosen.reply

    def _tell_answered(self, request: PermissionRequest, answer: Answer | None) -> None:
        self._live.voice.publish(
            PermissionAnswered(
                conversation_id=request.conversation_id,
                permission_id=request.id,
                reply=None if answer is None else answer.reply,
                by="" if answer is None else answer.by,
            )
        )

    def _wait(self, step: int) -> None:
        self._asked += step
        if self._over:
            return
        self.heard_at = asyncio.get_running_loop().time()
        state = TurnState.WAITING if self._asked else TurnState.RUNNING
        self.kept = replace(self.kept, turn=replace(self.kept.turn, state=state))
        if not self.cancelled.is_set() and not self.broken.done():
            self._live.change(status=ConversationStatus.WAITING if self._asked else ConversationStatus.WORKING)

    def _request(self, call: ToolPart, question: Question) -> PermissionRequest:
        call_id = call.call_id
        diffs = tuple(part for part in self._composer.parts() if isinstance(part, DiffPart) and part.call_id == call_id)
        return PermissionRequest(
            id=self._ids.new("prm"),
            conversation_id=self._live.id,
            turn_id=self.id,
            call_id=call_id,
            title=call.title,
            tool_kind=call.tool_kind.value,
            input=call.input,
            diffs=diffs,
            options=tuple(question.options),
            asked_at=now(),
        )
