"""Running the turns of a conversation, one after the other, each to its end whatever happens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from gateway.conversations.agent_client.agent import CANCEL_SECONDS, Answered
from gateway.conversations.awake import Places
from gateway.conversations.config import ConversationsConfig
from gateway.conversations.failures import (
    SILENT,
    STOPPED,
    of_problem,
)
from gateway.conversations.git.snapshots import Snapshots
from gateway.conversations.ids import Ids
from gateway.conversations.judging import WRONG, Outcome, judge, until_silent
from gateway.conversations.live import Live, now
from gateway.conversations.parts import TextPart, ToolState
from gateway.conversations.permissions import Permissions
from gateway.conversations.prompting import Prompter, introduction
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.records.rows import OURS, KeptTurn
from gateway.conversations.texts import preview_of
from gateway.conversations.turning import Turning
from gateway.conversations.types import ConversationStatus, Message, TurnState
from gateway.conversations.waking import Waker
from gateway.conversations.workers import Workers
from gateway.events.chat import MessageAdded, TurnEnded, TurnStarted
from protocol.problems import Problem, ProblemCode

_log = structlog.get_logger(__name__)
LOOK_SECONDS = 1.0
HISTORY_TOLD = 40
"""Messages that a digest is made of."""
_LOST = "The agent could not load its memory of this conversation. It goes on with a summary of what was said."


class Runner:
    """Runs turns."""

    def __init__(
        self,
        *,
        messages: MessageRecords,
        workers: Workers,
        permissions: Permissions,
        places: Places,
        waker: Waker,
        prompter: Prompter,
        snapshots: Snapshots,
        ids: Ids,
        config: ConversationsConfig,
    ) -> None:
        self._messages = messages
        self._workers = workers
        self._permissions = permissions
        self._places = places
        self._waker = waker
        self._prompter = prompter
        self._snapshots = snapshots
        self._ids = ids
        self._config = config

    async def run(self, live: Live) -> None:
        """Run what waits, until nothing does."""
        while live.queue:
            await self._turn(live, live.queue.popleft())
            await self._take_after(live)

    async def _take_after(self, live: Live) -> None:
        """What the folder is after the turn; nobody waits for it but the next turn and who asks what changed."""
        ended, looking = live.last_turn, live.looking
        live.looking = None
        if looking is None:
            return
        tree = await looking
        if ended is None or live.removed:
            return
        live.last_turn = replace(ended, tree_after=tree)
        try:
            await self._messages.finish(None, {}, live.last_turn, live.kept)
        except Problem as problem:
            _log.warning("what a turn changed could not be written", code=problem.code.value)

    async def _turn(self, live: Live, kept: KeptTurn) -> None:
        running = replace(kept, turn=replace(kept.turn, state=TurnState.RUNNING))
        turning = Turning(live, running, self._permissions, self._messages, self._ids)
        live.turning = turning
        outcome = Outcome(TurnState.FAILED, STOPPED, trust=False)
        try:
            await self._begin(live, turning)
            outcome = await self._outcome(live, turning)
        except Problem as problem:
            outcome = Outcome(TurnState.FAILED, of_problem(problem))
        except Exception:
            _log.exception("a turn failed")
            outcome = Outcome(TurnState.FAILED, WRONG, trust=False)
        finally:
            # Also when the daemon stops: what was said is kept, and the agent is not left behind.
            ending = asyncio.ensure_future(self._finish(live, turning, outcome))
            with suppress(asyncio.CancelledError):
                await asyncio.shield(ending)
            await ending

    async def _begin(self, live: Live, turning: Turning) -> None:
        conversation = live.kept.conversation
        live.last_turn = turning.kept
        live.change(status=ConversationStatus.WORKING, problem=None, updated_at=now())
        live.voice.publish(
            TurnStarted(conversation_id=live.id, turn_id=turning.id, title=conversation.title, cli=conversation.cli)
        )
        await self._messages.finish(None, {}, turning.kept, live.kept)

    async def _outcome(self, live: Live, turning: Turning) -> Outcome:
        """Work on the turn until it is done, cancelled, or has failed."""
        work = asyncio.create_task(self._work(live, turning), name=f"turn {turning.id}")
        cancelled = asyncio.create_task(turning.cancelled.wait())
        silent = asyncio.create_task(until_silent(live, turning, self._config))
        flushes = asyncio.create_task(turning.run_flushes())
        helpers = (cancelled, silent, flushes)
        try:
            ends: set[asyncio.Future[Any]] = {work, cancelled, silent, turning.broken}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if turning.cancelled.is_set():
                return await self._cancel(live, turning, work)
            if turning.broken.done():
                return Outcome(TurnState.FAILED, of_problem(turning.broken.result()), trust=False)
            if not work.done():
                return Outcome(TurnState.FAILED, SILENT, trust=False)
            return await judge(live, turning, work)
        finally:
            for task in (work, *helpers):
                task.cancel()
            await asyncio.gather(work, *helpers, return_exceptions=True)

    async def _work(self, live: Live, turning: Turning) -> Answered:
        if live.warming is not None:
            await asyncio.wait({live.warming})
        await self._places.take(live)
        looking = asyncio.create_task(self._snapshots.take(live.kept.conversation.folder))
        try:
            woken = await self._waker.wake(live)
            turning.kept = replace(turning.kept, tree_before=await looking)
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        live.to_introduce = live.to_introduce or woken.fresh
        if woken.fresh or turning.kept.tree_before is not None:
            # A kill from now on leaves the name of the session to load, and what the folder was.
            await self._messages.finish(None, {}, turning.kept, live.kept)
        message = await self._messages.get(live.id, turning.kept.message_id)
        if message is None:
            raise Problem(ProblemCode.NOT_FOUND, "The message of this turn is gone. Send it again.")
        told = await self._introduction(live, message)
        agent = woken.agent
        blocks = await self._prompter.blocks(message, live.kept.conversation.folder, agent.can, told)
        answered = await agent.prompt(blocks, turning)
        # From now on the agent itself has something to load.
        live.kept = replace(live.kept, acp_session=agent.session_id, acp_opened_at=agent.opened_at)
        return answered

    async def _introduction(self, live: Live, message: Message) -> list[str]:
        said = next((part.text for part in message.parts if isinstance(part, TextPart)), "")
        if not live.to_introduce or said.startswith("/"):
            return []
        live.to_introduce = False
        conversation = live.kept.conversation
        worker = None if conversation.agent_id is None else await self._workers.find(conversation.agent_id)
        before = await self._messages.page(live.id, before=message.id, limit=HISTORY_TOLD)
        if before:
            await self._say(live, message.turn_id, _LOST)
        return introduction("" if worker is None else worker.instructions, before)

    async def _say(self, live: Live, turn_id: str, text: str) -> None:
        """A message of our own in the conversation."""
        at = now()
        note = Message(
            id=self._ids.new("msg"),
            conversation_id=live.id,
            turn_id=turn_id,
            role="agent",
            by=OURS,
            created_at=at,
            completed_at=at,
            parts=(TextPart(id=self._ids.new("prt"), text=text),),
        )
        await self._messages.add(note)
        live.last_message_id = note.id
        live.voice.publish(MessageAdded(conversation_id=live.id, message=note))

    async def _cancel(self, live: Live, turning: Turning, work: asyncio.Task[Answered]) -> Outcome:
        agent = live.agent
        # An agent that waits for an answer cannot hear that it is to stop (agentclientprotocol.com, Cancellation).
        self._permissions.close_turn(turning.id)
        if agent is None or agent.session_id is None:
            return Outcome(TurnState.CANCELLED, trust=False)
        await agent.cancel()
        done, _ = await asyncio.wait({work}, timeout=CANCEL_SECONDS)
        return Outcome(TurnState.CANCELLED, trust=bool(done) and work.exception() is None)

    async def _finish(self, live: Live, turning: Turning, outcome: Outcome) -> None:
        """The end of a turn, in memory, in the store, and told; nothing in here may keep the next turn from running."""
        if turning.kept.tree_before is not None and outcome.problem is not STOPPED:
            live.looking = asyncio.create_task(self._snapshots.take(live.kept.conversation.folder))
        agent = live.agent
        if not outcome.trust or agent is None or agent.session_id is None:
            await self._waker.put_to_sleep(live)
            await self._places.give_up(live)
        if live.looking is not None and outcome.state is not TurnState.CANCELLED:
            # What the person does from now on is not the agent's; a large folder is not waited for.
            await asyncio.wait({live.looking}, timeout=LOOK_SECONDS)
        failed = ToolState.CANCELLED if outcome.state is TurnState.CANCELLED else ToolState.FAILED
        message, changed = turning.end(ToolState.COMPLETED if outcome.state is TurnState.DONE else failed)
        ended = replace(
            turning.kept,
            turn=replace(
                turning.kept.turn,
                state=outcome.state,
                ended_at=now(),
                usage=turning.usage,
                problem=outcome.problem,
            ),
        )
        try:
            if not live.removed:
                self._settle(live, turning, message, ended, outcome)
                await turning.flush()
                await self._messages.finish(message, changed, ended, live.kept)
        except Problem as problem:
            _log.error("the end of a turn could not be written", code=problem.code.value)
        except Exception:
            _log.exception("the end of a turn could not be written")
        finally:
            live.turning = None
            turning.tell_completed()
            self._tell(live, ended)
            await self._places.idle()

    def _settle(self, live: Live, turning: Turning, message: Message | None, ended: KeptTurn, outcome: Outcome) -> None:
        live.last_turn = ended
        preview = preview_of(message.parts) if message is not None else ""
        live.kept = replace(
            live.kept,
            conversation=replace(
                live.kept.conversation,
                status=ConversationStatus.FAILED if outcome.state is TurnState.FAILED else ConversationStatus.IDLE,
                problem=outcome.problem,
                updated_at=now(),
                preview=preview or live.kept.conversation.preview,
            ),
        )

    def _tell(self, live: Live, ended: KeptTurn) -> None:
        conversation = live.kept.conversation
        live.voice.publish(
            TurnEnded(
                conversation_id=live.id,
                turn_id=ended.turn.id,
                title=conversation.title,
                cli=conversation.cli,
                state=ended.turn.state,
                usage=ended.turn.usage,
                problem=ended.turn.problem,
            )
        )
        live.tell()
