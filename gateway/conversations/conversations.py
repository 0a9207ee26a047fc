"""The conversations of this device."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Literal

import structlog

from gateway.conversations.attachments import Attachments
from gateway.conversations.awake import Places
from gateway.conversations.config import ConversationsConfig
from gateway.conversations.exporting import as_json, as_markdown
from gateway.conversations.failures import STOPPED
from gateway.conversations.git.branches import add_worktree, remove_worktree
from gateway.conversations.git.git import Git
from gateway.conversations.ids import Ids
from gateway.conversations.live import Live, now
from gateway.conversations.lives import Lives
from gateway.conversations.making import made
from gateway.conversations.permissions import Answer, Permissions
from gateway.conversations.records.conversations import ConversationRecords
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.records.rows import Kept, KeptTurn
from gateway.conversations.records.search import SearchRecords
from gateway.conversations.running import Runner
from gateway.conversations.sending import Sender, dropped
from gateway.conversations.service import Opening
from gateway.conversations.types import (
    Conversation,
    ConversationQuery,
    Found,
    Message,
    NewConversation,
    NewMessage,
    Page,
    PermissionRequest,
    Reply,
    Turn,
    TurnState,
)
from gateway.conversations.voice import ChatBus
from gateway.conversations.waking import Waker
from gateway.conversations.watching import ENDED, until_ended, watch
from gateway.conversations.workers import Workers
from gateway.events.chat import ChatEvent, ConversationCreated, ConversationRemoved, TurnEnded
from protocol.problems import Problem, ProblemCode

_log = structlog.get_logger(__name__)
SWEEP_SECONDS = 15.0
MAX_EXPORT = 100_000
"""Messages of one conversation that an export brings."""


class Conversations:
    """Implements :class:`gateway.conversations.service.ConversationService`."""

    def __init__(
        self,
        *,
        lives: Lives,
        records: ConversationRecords,
        messages: MessageRecords,
        found: SearchRecords,
        workers: Workers,
        attachments: Attachments,
        permissions: Permissions,
        places: Places,
        waker: Waker,
        runner: Runner,
        sender: Sender,
        chat: ChatBus,
        git: Git,
        ids: Ids,
        config: ConversationsConfig,
    ) -> None:
        self._lives = lives
        self._records = records
        self._messages = messages
        self._found = found
        self._workers = workers
        self._attachments = attachments
        self._permissions = permissions
        self._places = places
        self._waker = waker
        self._runner = runner
        self._sender = sender
        self._git = git
        self._ids = ids
        self._config = config
        self._closing = False
        self.chat = chat
        """Every event of every conversation, the fine ones too."""

    async def start(self) -> None:
        """Settle what a program that ended left behind, and go on with the messages that wait."""
        at = now()
        cut = await self._records.cut_short(STOPPED.model_dump(mode="json"), at)
        await self._messages.complete_cut_short(at)
        waiting = await self._records.queued()
        if cut or waiting:
            _log.info("conversations go on", cut_short=cut, waiting=len(waiting))
        for turn in waiting:
            async with self._lives.hold(turn.turn.conversation_id) as live:
                live.queue.append(turn)
                self._run(live)

    async def run(self) -> None:
        """Put idle agents to sleep, until cancelled."""
        while True:
            await asyncio.sleep(min(SWEEP_SECONDS, self._config.idle_seconds))
            await self._places.sleep_where(self._is_idle)
            for live in self._lives:
                self._lives.forget_unused(live)

    async def close(self) -> None:
        """End every turn and every agent; what waits is begun at the next start."""
        self._closing = True
        runners = [live.runner for live in self._lives if live.runner is not None]
        for runner in runners:
            runner.cancel()
        await asyncio.gather(*runners, return_exceptions=True)
        await asyncio.gather(*(self._waker.put_to_sleep(live) for live in self._lives))

    async def create(self, new: NewConversation) -> Conversation:
        """Make one; no program is started before the first message."""
        kept = await made(new, self._workers, self._ids)
        if new.worktree:
            kept = await self._with_worktree(kept)
        await self._records.add(kept)
        live = self._lives.add(kept)
        conversation = kept.conversation
        live.voice.publish(ConversationCreated(conversation_id=live.id, title=conversation.title, cli=conversation.cli))
        self._lives.forget_unused(live)
        return conversation

    async def _with_worktree(self, kept: Kept) -> Kept:
        conversation = kept.conversation
        name = conversation.id.removeprefix("con_")
        tree, folder = await add_worktree(self._git, conversation.folder, self._config.workspace_root, name)
        return replace(kept, conversation=replace(conversation, worktree=tree, folder=folder))

    async def list(self, query: ConversationQuery) -> Page:
        """The one that changed last first."""
        page = await self._records.page(query)
        return replace(page, items=[self._shown(one) for one in page.items])

    async def get(self, conversation_id: str) -> Conversation:
        """One."""
        async with self._lives.hold(conversation_id) as live:
            return live.shown()

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        """Another title."""
        return await self._change(conversation_id, title=title.strip())

    async def archive(self, conversation_id: str, archived: bool) -> Conversation:
        """Out of the list, or back into it. A running turn is not touched."""
        return await self._change(conversation_id, archived=archived)

    async def remove(self, conversation_id: str) -> None:
        """Cancel what runs and forget it with its messages."""
        async with self._lives.hold(conversation_id) as live:
            live.removed = True
            await self._cancel(live)
            if live.runner is not None:
                await asyncio.wait({live.runner})
            await self._waker.put_to_sleep(live)
            await self._places.give_up(live)
            await self._attachments.remove_all(conversation_id)
            tree = live.kept.conversation.worktree
            if tree is not None:
                with suppress(Problem):
                    await remove_worktree(self._git, tree)
            await self._records.remove(conversation_id)
            live.voice.publish(ConversationRemoved(conversation_id=conversation_id))

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

    async def send(self, conversation_id: str, message: NewMessage) -> Turn:
        """Accept a message: once this returns it is in the store. It waits its turn behind one that runs."""
        self._check_open()
        async with self._lives.hold(conversation_id) as live:
            await self._waker.check(live)
            kept = await self._sender.accept(live, message)
            self._run(live)
            return kept.turn

    async def wait(self, conversation_id: str, turn_id: str) -> Turn:
        """The turn when it is over."""
        async with self._lives.hold(conversation_id) as live:
            await until_ended(live, turn_id)
            last = live.last_turn
            kept = last if last is not None and last.turn.id == turn_id else await self._records.turn(turn_id)
            if kept is None or kept.turn.conversation_id != conversation_id:
                raise Problem(ProblemCode.NOT_FOUND, "There is no such turn. Look at the conversation again.")
            if kept.turn.state not in ENDED:
                raise Problem(ProblemCode.UNAVAILABLE, "Hutch is stopping. The turn goes on at its next start.")
            return kept.turn

    async def retry(self, conversation_id: str) -> Turn:
        """Send the message of the failed last turn again. CONFLICT when it did not fail."""
        self._check_open()
        async with self._lives.hold(conversation_id) as live:
            last = live.last_turn
            if live.turning is not None or live.queue or last is None or last.turn.state is not TurnState.FAILED:
                raise Problem(ProblemCode.CONFLICT, "The last turn did not fail. Send a message instead.")
            await self._waker.check(live)
            async with live.accepting:
                again = self._sender.again(live, last)
                live.last_turn = again
                await self._messages.finish(None, {}, again, live.kept)
                live.queue.append(again)
            self._run(live)
            return again.turn

    async def cancel(self, conversation_id: str) -> bool:
        """Stop the running turn and drop what waits; False when nothing ran. Over within a second."""
        async with self._lives.hold(conversation_id) as live:
            return await self._cancel(live)

    async def permissions(self, conversation_id: str | None = None) -> Sequence[PermissionRequest]:
        """The open requests, of one conversation or all."""
        return self._permissions.of(conversation_id)

    async def answer(self, permission_id: str, reply: Reply, *, by: str) -> PermissionRequest:
        """Answer a request. CONFLICT when somebody else has."""
        return self._permissions.answer(permission_id, Answer(reply, by))

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

    def _check_open(self) -> None:
        if self._closing:
            raise Problem(ProblemCode.UNAVAILABLE, "Hutch is stopping. Send it again in a moment.")

    def _run(self, live: Live) -> None:
        """Have the queue run, unless it does."""
        if live.runner is None and live.queue and not self._closing:
            live.runner = asyncio.create_task(self._run_queue(live), name=f"conversation {live.id}")

    async def _run_queue(self, live: Live) -> None:
        try:
            await self._runner.run(live)
        finally:
            live.runner = None
            await self._places.idle()
            if live.queue and not live.removed:
                self._run(live)
            self._lives.forget_unused(live)

    async def _cancel(self, live: Live) -> bool:
        waited = list(live.queue)
        live.queue.clear()
        for turn in waited:
            await self._drop(live, turn)
        turning = live.turning
        if turning is None:
            return bool(waited)
        turning.cancelled.set()
        await until_ended(live, turning.id)
        return True

    async def _drop(self, live: Live, turn: KeptTurn) -> None:
        over = dropped(turn)
        if not live.removed:
            await self._messages.finish(None, {}, over, live.kept)
        conversation = live.kept.conversation
        live.voice.publish(
            TurnEnded(
                conversation_id=live.id,
                turn_id=over.turn.id,
                title=conversation.title,
                cli=conversation.cli,
                state=over.turn.state,
            )
        )

    async def _change(self, conversation_id: str, **values: object) -> Conversation:
        async with self._lives.hold(conversation_id) as live:
            live.change(**values)
            await self._records.save(live.kept)
            return live.shown()

    def _shown(self, stored: Conversation) -> Conversation:
        live = self._lives.find(stored.id)
        return stored if live is None else live.shown()

    def _is_idle(self, live: Live) -> bool:
        if live.busy:
            return False
        if live.agent is None or live.agent.child.returncode is not None:
            return True
        return (now() - live.kept.conversation.updated_at).total_seconds() >= self._config.idle_seconds
