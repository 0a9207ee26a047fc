"""The conversations of this device."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import structlog

from gateway.conversations.attachments import Attachments
from gateway.conversations.awake import Places
from gateway.conversations.config import ConversationsConfig
from gateway.conversations.failures import STOPPED
from gateway.conversations.git.branches import add_worktree, remove_worktree
from gateway.conversations.git.git import Git
from gateway.conversations.ids import Ids
from gateway.conversations.live import Live, now
from gateway.conversations.lives import Lives
from gateway.conversations.making import made
from gateway.conversations.manners import Manners
from gateway.conversations.permissions import Answer, Permissions
from gateway.conversations.reading import ConversationReader
from gateway.conversations.records.conversations import ConversationRecords
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.records.rows import Kept, KeptTurn
from gateway.conversations.records.search import SearchRecords
from gateway.conversations.running import Runner
from gateway.conversations.sending import Sender, dropped
from gateway.conversations.types import (
    Conversation,
    NewConversation,
    NewMessage,
    Permission,
    PermissionRequest,
    Reply,
    Turn,
    TurnState,
)
from gateway.conversations.voice import ChatBus
from gateway.conversations.waking import Waker
from gateway.conversations.warming import Warmer
from gateway.conversations.watching import ENDED, until_ended
from gateway.conversations.workers import Workers
from gateway.events.chat import ConversationCreated, ConversationRemoved, TurnEnded
from protocol.problems import Problem, ProblemCode

_log = structlog.get_logger(__name__)
SWEEP_SECONDS = 15.0


class Conversations(ConversationReader):
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
        super().__init__(lives=lives, records=records, messages=messages, found=found, permissions=permissions)
        self._workers = workers
        self._attachments = attachments
        self._places = places
        self._waker = waker
        self._runner = runner
        self._sender = sender
        self._git = git
        self._ids = ids
        self._config = config
        self._manners = Manners(records, permissions, waker)
        self._warmer = Warmer(lives, places, waker, config.spare_seconds)
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
        await asyncio.gather(*(self._warmer.give_up(live) for live in self._lives))
        runners = [live.runner for live in self._lives if live.runner is not None]
        for runner in runners:
            runner.cancel()
        await asyncio.gather(*runners, return_exceptions=True)
        await asyncio.gather(*(self._waker.put_to_sleep(live) for live in self._lives))

    async def create(self, new: NewConversation) -> Conversation:
        """Make one; no program is started before its first message, or :meth:`warm`."""
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

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        """Another title."""
        return await self._change(conversation_id, title=title.strip())

    async def archive(self, conversation_id: str, archived: bool) -> Conversation:
        """Out of the list, or back into it. A running turn is not touched."""
        return await self._change(conversation_id, archived=archived)

    async def permit(self, conversation_id: str, permission: Permission, *, by: str) -> Conversation:
        """Let its agent do this of itself, from now on."""
        async with self._lives.hold(conversation_id) as live:
            await self._manners.permit(live, permission, by)
            return live.shown()

    async def choose_model(self, conversation_id: str, model: str | None) -> Conversation:
        """Another model from the next message on; None for the CLI's own choice."""
        async with self._lives.hold(conversation_id) as live:
            await self._manners.choose(live, model)
            return live.shown()

    async def remove(self, conversation_id: str) -> None:
        """Cancel what runs and forget it with its messages."""
        async with self._lives.hold(conversation_id) as live:
            live.removed = True
            await self._warmer.give_up(live)
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

    async def warm(self, conversation_id: str) -> None:
        """Begin to wake its agent ahead of a message, where there is room for one more."""
        async with self._lives.hold(conversation_id) as live:
            if not self._closing and not live.removed:
                self._warmer.warm(live)

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

    async def answer(self, permission_id: str, reply: Reply, *, by: str) -> PermissionRequest:
        """Answer a request. CONFLICT when somebody else has."""
        return self._permissions.answer(permission_id, Answer(reply, by))

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

    def _is_idle(self, live: Live) -> bool:
        if live.busy:
            return False
        if live.agent is None or live.agent.child.returncode is not None:
            return True
        config = self._config
        idle = min(config.idle_seconds, config.warm_seconds) if live.waits_for_a_message else config.idle_seconds
        return live.idle_seconds >= idle
