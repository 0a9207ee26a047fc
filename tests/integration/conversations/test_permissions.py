from __future__ import annotations

import asyncio

import pytest

from gateway.conversations.parts import ToolPart, ToolState
from gateway.conversations.types import Permission, Reply, TurnState
from gateway.events.chat import PermissionAnswered
from protocol.problems import Problem, ProblemCode
from tests.integration.conversations.rig import SECONDS, Rig, until


@pytest.mark.parametrize(
    ("reply", "chosen"), [(Reply.ONCE, "[yes]"), (Reply.REJECT, "[no]"), (Reply.ALWAYS, "[yes-always]")]
)
async def test_a_person_answers(rig: Rig, reply: Reply, chosen: str) -> None:
    talk = await rig.begin()
    async with rig.following(talk) as events:
        turn = await rig.send(talk, "ask execute rm -r build")
        request = await rig.asked(events)
        assert (request.title, request.tool_kind, request.turn_id) == ("rm -r build", "execute", turn.id)
        assert [option.kind for option in request.options] == ["allow_once", "allow_always", "reject_once"]
        assert list(await rig.conversations.permissions(talk.id)) == [request]
        await rig.conversations.answer(request.id, reply, by="bob")
        told = await until(events, "permission.answered")
        assert isinstance(told, PermissionAnswered)
        assert (told.reply, told.by) == (reply, "bob")
        await rig.conversations.wait(talk.id, turn.id)
    assert await rig.said(talk) == chosen
    with pytest.raises(Problem) as caught:
        await rig.conversations.answer(request.id, reply, by="carl")
    assert caught.value.code is ProblemCode.CONFLICT
    assert list(await rig.conversations.permissions()) == []


async def test_only_the_first_of_two_answers_counts(rig: Rig) -> None:
    talk = await rig.begin()
    async with rig.following(talk) as events:
        turn = await rig.send(talk, "ask execute x")
        request = await rig.asked(events)
    answers = await asyncio.gather(
        rig.conversations.answer(request.id, Reply.ONCE, by="ann"),
        rig.conversations.answer(request.id, Reply.REJECT, by="bob"),
        return_exceptions=True,
    )
    assert [isinstance(answer, Problem) for answer in answers] == [False, True]
    await rig.conversations.wait(talk.id, turn.id)
    assert await rig.said(talk) == "[yes]"


async def test_always_is_remembered_for_the_kind_and_the_conversation(rig: Rig) -> None:
    talk, other = await rig.begin(), await rig.begin()
    async with rig.following(talk) as events:
        turn = await rig.send(talk, "ask execute a")
        await rig.conversations.answer((await rig.asked(events)).id, Reply.ALWAYS, by="ann")
        await rig.conversations.wait(talk.id, turn.id)
    assert (await rig.do(talk, "ask execute b")).state is TurnState.DONE
    assert await rig.said(talk) == "[yes]"
    for one, steps in ((talk, "ask edit c"), (other, "ask execute d")):
        async with rig.following(one) as events:
            turn = await rig.send(one, steps)
            await rig.conversations.answer((await rig.asked(events)).id, Reply.REJECT, by="ann")
            await rig.conversations.wait(one.id, turn.id)


async def test_policies_answer_for_the_person(rig: Rig) -> None:
    everything = await rig.begin(permission=Permission.ALL)
    assert (await rig.do(everything, "ask execute a", "ask delete b")).state is TurnState.DONE
    edits = await rig.begin(permission=Permission.EDITS)
    assert (await rig.do(edits, "ask edit a")).state is TurnState.DONE
    async with rig.following(edits) as events:
        turn = await rig.send(edits, "ask execute b")
        await rig.conversations.answer((await rig.asked(events)).id, Reply.REJECT, by="ann")
        await rig.conversations.wait(edits.id, turn.id)
    assert await rig.said(edits) == "[no]"
    [tool] = [part for part in (await rig.answer(edits)).parts if isinstance(part, ToolPart)]
    assert tool.state is ToolState.FAILED


async def test_a_request_is_closed_when_its_turn_is_cancelled(rig: Rig) -> None:
    talk = await rig.begin()
    async with rig.following(talk) as events:
        await rig.send(talk, "ask execute x")
        request = await rig.asked(events)
        async with asyncio.timeout(SECONDS):
            await rig.conversations.cancel(talk.id)
        told = await until(events, "permission.answered")
        assert isinstance(told, PermissionAnswered)
        assert told.reply is None
    assert list(await rig.conversations.permissions()) == []
    with pytest.raises(Problem) as caught:
        await rig.conversations.answer(request.id, Reply.ONCE, by="ann")
    assert caught.value.code is ProblemCode.CONFLICT
    with pytest.raises(Problem) as caught:
        await rig.conversations.answer("prm_never", Reply.ONCE, by="ann")
    assert caught.value.code is ProblemCode.NOT_FOUND
