"""An agent that is woken while a person still writes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from gateway.conversations.types import Conversation, NewConversation, TurnState
from gateway.conversations.workers import WorkerValues
from gateway.events.chat import ChatEvent, ConversationChanged
from tests.doubles.acp_agent import ScriptedCommands
from tests.integration.conversations.rig import CONFIG, SECONDS, Rig, running


async def warmed(rig: Rig, talk: Conversation) -> None:
    async with rig.following(talk) as events, asyncio.timeout(SECONDS):
        await rig.conversations.warm(talk.id)
        async for event in events:
            if _woke(event):
                return


def _woke(event: ChatEvent) -> bool:
    return isinstance(event, ConversationChanged) and event.awake


async def test_the_message_finds_the_agent_awake_with_its_instructions(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        worker = await rig.talks.workers.create(WorkerValues("Otto", "codex", instructions="Be brief."))
        talk = await rig.conversations.create(NewConversation(agent_id=worker.id))
        await warmed(rig, talk)
        await rig.do(talk, "first")
        assert "Be brief." in await rig.said(talk)
        await rig.do(talk, "pid")
        # Another time does nothing: it is awake.
        await rig.conversations.warm(talk.id)
        assert len(rig.scripted.starts) == 1


async def test_a_message_that_comes_meanwhile_waits_for_the_same_program(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        talk = await rig.begin()
        await rig.conversations.warm(talk.id)
        turn = await rig.do(talk, "say x")
        assert (turn.state, len(rig.scripted.starts)) == (TurnState.DONE, 1)


async def test_one_that_idles_for_long_makes_room(tmp_path: Path) -> None:
    async with running(tmp_path, replace(CONFIG, max_awake=1, spare_seconds=0.0)) as rig:
        one, two = await rig.begin(), await rig.begin()
        await rig.do(one, "say x")
        await warmed(rig, two)
        assert [(await rig.conversations.get(talk.id)).awake for talk in (one, two)] == [False, True]


async def test_nobody_who_was_just_at_work_is_put_to_sleep_for_it(tmp_path: Path) -> None:
    async with running(tmp_path, replace(CONFIG, max_awake=1)) as rig:
        one, two = await rig.begin(), await rig.begin()
        await rig.do(one, "say x")
        await rig.conversations.warm(two.id)
        await rig.do(one, "say y")
        assert [(await rig.conversations.get(talk.id)).awake for talk in (one, two)] == [True, False]
        await rig.do(two, "say z")
        assert [(await rig.conversations.get(talk.id)).awake for talk in (one, two)] == [False, True]


async def test_one_that_is_written_to_after_all_takes_the_place_of_one_that_is_not(tmp_path: Path) -> None:
    async with running(tmp_path, replace(CONFIG, max_awake=1)) as rig:
        one, two = await rig.begin(), await rig.begin()
        await rig.conversations.warm(one.id)
        turn = await rig.do(two, "say x")
        assert turn.state is TurnState.DONE
        assert [(await rig.conversations.get(talk.id)).awake for talk in (one, two)] == [False, True]


async def test_when_no_message_comes_it_sleeps_again(tmp_path: Path) -> None:
    async with running(tmp_path, replace(CONFIG, idle_seconds=0.3, warm_seconds=0.1)) as rig:
        talk = await rig.begin()
        await warmed(rig, talk)
        async with rig.following(talk) as events:
            sweeping = asyncio.create_task(rig.conversations.run())
            async with asyncio.timeout(SECONDS):
                async for event in events:
                    if isinstance(event, ConversationChanged) and not event.awake:
                        break
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
        assert not (await rig.conversations.get(talk.id)).awake
        assert (await rig.do(talk, "say x")).state is TurnState.DONE


async def test_what_goes_wrong_is_told_with_the_message(tmp_path: Path) -> None:
    commands = ScriptedCommands(tmp_path / "agent-state", ("--logged-out",))
    async with running(tmp_path, replace(CONFIG, max_awake=1), commands) as rig:
        talk = await rig.begin()
        await rig.conversations.warm(talk.id)
        turn = await rig.do(talk, "say x")
        assert turn.problem is not None
        assert turn.problem.code.value == "not_logged_in"
        # Its place is free again.
        assert (await rig.do(await rig.begin(), "say x")).state is TurnState.FAILED


async def test_it_can_be_removed_and_the_daemon_can_end_meanwhile(tmp_path: Path) -> None:
    commands = ScriptedCommands(tmp_path / "agent-state", ("--mute",))
    async with running(tmp_path, scripted=commands) as rig:
        one, two = await rig.begin(), await rig.begin()
        await warmed(rig, one)
        await rig.conversations.remove(one.id)
        await warmed(rig, two)
