"""Another permission or model in the middle of a conversation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.conversations import waking
from gateway.conversations.parts import TextPart
from gateway.conversations.types import Conversation, Manner, Permission, Reply, TurnState
from gateway.events.chat import ConversationChanged
from tests.doubles.acp_agent import ScriptedCommands
from tests.integration.conversations.rig import Rig, running, until

MODES = {Permission.ASK: "careful", Permission.EDITS: "writes", Permission.ALL: "free"}


def scripted(root: Path, *options: str, modes: bool = True) -> ScriptedCommands:
    return ScriptedCommands(root / "agent-state", options, modes=MODES if modes else {})


async def pid(rig: Rig, talk: Conversation) -> str:
    await rig.do(talk, "pid")
    return await rig.said(talk)


async def memory(rig: Rig, talk: Conversation) -> Sequence[str]:
    await rig.do(talk, "memory")
    found: list[str] = json.loads(await rig.said(talk))
    return found


async def test_an_agent_that_is_awake_changes_its_mode_and_model(tmp_path: Path) -> None:
    async with running(tmp_path, scripted=scripted(tmp_path)) as rig:
        talk = await rig.begin()
        program = await pid(rig, talk)
        changed = await rig.conversations.permit(talk.id, Permission.ALL, by="ann")
        assert (changed.permission, changed.awake) == (Permission.ALL, True)
        assert (await rig.conversations.choose_model(talk.id, "big")).model == "big"
        turn = await rig.do(talk, "ask execute rm -r build")
        assert turn.state is TurnState.DONE
        assert turn.usage is not None
        assert turn.usage.model == "big"
        assert await rig.said(talk) == "[yes]"
        assert {"mode free", "model big"} <= set(await memory(rig, talk))
        assert await pid(rig, talk) == program
        assert rig.scripted.starts == [Manner(Permission.ASK, None)]


@pytest.mark.parametrize(("options", "modes"), [((), False), (("--fixed",), True), (("--deaf",), True)])
async def test_one_that_does_not_take_it_is_started_anew_with_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], modes: bool
) -> None:
    monkeypatch.setattr(waking, "CHANGE_SECONDS", 0.3)
    async with running(tmp_path, scripted=scripted(tmp_path, *options, modes=modes)) as rig:
        talk = await rig.begin()
        first = await pid(rig, talk)
        await rig.conversations.permit(talk.id, Permission.EDITS, by="ann")
        second = await pid(rig, talk)
        assert second != first
        assert (await memory(rig, talk))[0] == "pid"
        assert rig.scripted.starts[-1] == Manner(Permission.EDITS, None)
        assert await pid(rig, talk) == second


async def test_the_clis_own_model_comes_back_with_another_start(tmp_path: Path) -> None:
    async with running(tmp_path, scripted=scripted(tmp_path)) as rig:
        talk = await rig.begin()
        await rig.conversations.choose_model(talk.id, "big")
        first = await pid(rig, talk)
        await rig.conversations.choose_model(talk.id, None)
        assert await pid(rig, talk) != first
        assert [start.model for start in rig.scripted.starts] == ["big", None]


async def test_a_question_that_is_open_needs_no_answer_any_more(tmp_path: Path) -> None:
    async with running(tmp_path, scripted=scripted(tmp_path)) as rig:
        talk = await rig.begin()
        async with rig.following(talk) as events:
            turn = await rig.send(talk, "ask execute ls", "ask edit a.txt", "memory")
            await rig.asked(events)
            await rig.conversations.permit(talk.id, Permission.EDITS, by="ann")
            [still] = await rig.conversations.permissions(talk.id)
            await rig.conversations.permit(talk.id, Permission.ALL, by="ann")
            assert (await rig.conversations.wait(talk.id, turn.id)).state is TurnState.DONE
            told = await until(events, "permission.answered")
        assert (still.title, getattr(told, "by", "")) == ("ls", "ann")
        # In the middle of the turn the CLI was told, too.
        said = [part.text for part in (await rig.answer(talk)).parts if isinstance(part, TextPart)]
        assert said[0].startswith("[yes]")
        assert {"mode writes", "mode free"} <= set(await memory(rig, talk))


async def test_less_than_before_forgets_what_was_always_allowed(tmp_path: Path) -> None:
    async with running(tmp_path, scripted=scripted(tmp_path)) as rig:
        talk = await rig.begin()
        first = await pid(rig, talk)
        async with rig.following(talk) as events:
            turn = await rig.send(talk, "ask execute ls", "ask execute ls again")
            asked = await rig.asked(events)
            await rig.conversations.answer(asked.id, Reply.ALWAYS, by="ann")
            assert (await rig.conversations.wait(talk.id, turn.id)).state is TurnState.DONE
            await rig.conversations.permit(talk.id, Permission.ASK, by="ann")
            turn = await rig.send(talk, "ask execute ls")
            asked = await rig.asked(events)
            await rig.conversations.answer(asked.id, Reply.REJECT, by="ann")
            await rig.conversations.wait(talk.id, turn.id)
        # The CLI remembers by itself what was always allowed, for as long as it runs.
        assert await pid(rig, talk) != first


async def test_everybody_is_told_and_it_is_kept(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        talk = await rig.begin()
        async with rig.following(talk) as events:
            await rig.conversations.permit(talk.id, Permission.EDITS, by="ann")
            await rig.conversations.choose_model(talk.id, "small")
            told = [await until(events, "conversation.changed") for _ in range(2)]
        seen = [(one.permission, one.model) for one in told if isinstance(one, ConversationChanged)]
        assert seen == [(Permission.EDITS, None), (Permission.EDITS, "small")]
    async with running(tmp_path) as rig:
        assert (await rig.conversations.get(talk.id)).manner == Manner(Permission.EDITS, "small")
