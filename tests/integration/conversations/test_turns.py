from __future__ import annotations

import asyncio

import pytest

from gateway.conversations.parts import (
    DiffPart,
    PlanPart,
    ReasoningPart,
    TextPart,
    ToolPart,
    ToolState,
)
from gateway.conversations.types import (
    ConversationQuery,
    ConversationStatus,
    NewConversation,
    NewMessage,
    Reply,
    TurnState,
)
from gateway.events.chat import MessageDelta, MessagePart
from protocol.problems import Problem, ProblemCode
from tests.integration.conversations.rig import Rig, until


async def test_an_answer_has_all_its_parts_in_order(rig: Rig) -> None:
    talk = await rig.begin()
    turn = await rig.do(
        talk,
        "think hm",
        "say Hello",
        "say  world",
        "tool execute in_progress ls",
        "output completed a.txt",
        "diff new.txt fresh",
        "plan look|do",
        "say done",
    )
    assert turn.state is TurnState.DONE
    thought, said, tool, write, diff, plan, end = (await rig.answer(talk)).parts
    assert isinstance(thought, ReasoningPart)
    assert (thought.text, isinstance(said, TextPart) and said.text) == ("hm", "Hello world")
    assert isinstance(tool, ToolPart)
    assert (tool.title, tool.state, tool.output, tool.tool_kind) == ("ls", ToolState.COMPLETED, "a.txt", "execute")
    assert tool.input == '{"asked": "ls"}'
    assert isinstance(write, ToolPart)
    assert isinstance(diff, DiffPart)
    assert (diff.path, diff.old, diff.new) == ("new.txt", None, "fresh")
    assert isinstance(plan, PlanPart)
    assert [entry.status for entry in plan.entries] == ["completed", "pending"]
    assert isinstance(end, TextPart)


async def test_events_alone_make_the_same_answer(rig: Rig) -> None:
    """Whoever starts from the opening and applies every event has what the store has, text gathered or not."""
    talk = await rig.begin()
    async with rig.following(talk) as events:
        await rig.send(talk, *(f"say {number} " for number in range(200)), "tool read completed x", "say end")
        texts: dict[str, str] = {}
        order: list[str] = []
        async for event in events:
            if isinstance(event, MessagePart):
                assert event.index in (len(order), *range(len(order)))
                if event.index == len(order):
                    order.append(event.part.id)
                texts[event.part.id] = event.part.text if isinstance(event.part, TextPart) else ""
            elif isinstance(event, MessageDelta):
                texts[event.part_id] += event.text
            elif event.type == "turn.ended":
                break
    stored = (await rig.answer(talk)).parts
    assert order == [part.id for part in stored]
    assert [texts[part.id] for part in stored] == [part.text if isinstance(part, TextPart) else "" for part in stored]


async def test_what_was_begun_is_in_the_opening_and_not_told_again(rig: Rig) -> None:
    talk = await rig.begin()
    async with rig.following(talk) as events:
        await rig.send(talk, "say early", "ask execute go on?", "say late")
        request = await rig.asked(events)
    async with rig.conversations.watch(talk.id) as (opening, later):
        user, growing = opening.messages
        assert (user.role, growing.role, growing.completed_at) == ("user", "agent", None)
        assert opening.permissions == (request,)
        assert opening.turn is not None
        assert opening.turn.state is TurnState.WAITING
        assert opening.conversation.status is ConversationStatus.WAITING
        await rig.conversations.answer(request.id, Reply.ONCE, by="ann")
        event = await until(later, "turn.ended")
        assert event.type == "turn.ended"
    assert (await rig.said(talk)) == "early[yes]late"


async def test_messages_wait_their_turn_and_are_bounded(rig: Rig) -> None:
    talk = await rig.begin()
    async with rig.following(talk) as events:
        await rig.send(talk, "wait")
        await until(events, "turn.started")
        for number in range(20):
            await rig.send(talk, f"say {number}")
        with pytest.raises(Problem) as caught:
            await rig.send(talk, "say one too many")
        assert caught.value.code is ProblemCode.TOO_MANY
        assert await rig.conversations.cancel(talk.id)
        states = {turn.state for turn in await rig.conversations.turns(talk.id)}
        assert states == {TurnState.CANCELLED}
    assert (await rig.do(talk, "say again")).state is TurnState.DONE


async def test_the_same_message_sent_twice_is_one(rig: Rig) -> None:
    talk = await rig.begin()
    first, second = await asyncio.gather(
        *(rig.conversations.send(talk.id, NewMessage("say x", id="mine", by="ann")) for _ in range(2))
    )
    assert first.id == second.id
    await rig.conversations.wait(talk.id, first.id)
    assert len(await rig.conversations.messages(talk.id)) == 2


async def test_a_title_is_made_of_the_first_message_and_stays(rig: Rig) -> None:
    talk = await rig.begin()
    await rig.do(talk, "# say hello to everybody")
    await rig.do(talk, "say other")
    assert (await rig.conversations.get(talk.id)).title == "say hello to everybody"
    named = await rig.begin(title="Mine")
    await rig.do(named, "say hello")
    shown = await rig.conversations.get(named.id)
    assert (shown.title, shown.preview) == ("Mine", "hello")
    assert (await rig.conversations.rename(named.id, "Other")).title == "Other"


async def test_lists_are_paged_filtered_and_archived(rig: Rig) -> None:
    made = [await rig.begin(title=f"talk {number}") for number in range(5)]
    page = await rig.conversations.list(ConversationQuery(limit=2))
    assert [one.title for one in page.items] == ["talk 4", "talk 3"]
    assert page.total == 5
    rest = await rig.conversations.list(ConversationQuery(limit=5, before=page.next))
    assert [one.title for one in rest.items] == ["talk 2", "talk 1", "talk 0"]
    assert rest.next is None
    await rig.conversations.archive(made[0].id, True)
    assert (await rig.conversations.list(ConversationQuery(archived=True))).total == 1
    assert [one.title for one in (await rig.conversations.list(ConversationQuery(text="TALK 3"))).items] == ["talk 3"]
    assert (await rig.conversations.list(ConversationQuery(cli="gemini"))).items == []
    with pytest.raises(Problem):
        await rig.conversations.list(ConversationQuery(before="nonsense"))


async def test_words_of_all_messages_are_found(rig: Rig) -> None:
    talk, other = await rig.begin(), await rig.begin()
    await rig.do(talk, "say the quick brown Fuchs jumps")
    await rig.do(other, "say nothing of the kind")
    [question, answer] = await rig.conversations.search("brown fuchs")
    assert {question.conversation.id, answer.conversation.id} == {talk.id}
    assert {question.role, answer.role} == {"user", "agent"}
    assert "\x02brown\x03 \x02Fuchs\x03" in answer.snippet
    assert len(await rig.conversations.search("fuch")) == 2
    assert await rig.conversations.search('"^* OR NEAR(') == []
    assert await rig.conversations.search("!!!") == []
    await rig.conversations.remove(talk.id)
    assert await rig.conversations.search("brown fuchs") == []


async def test_usage_and_cost_are_those_of_the_turn(rig: Rig) -> None:
    talk = await rig.begin()
    first = await rig.do(talk, "usage 100 20", "context 500 8000 0.25")
    second = await rig.do(talk, "usage 10 2", "context 900 8000 0.75")
    assert first.usage is not None
    assert second.usage is not None
    assert (first.usage.input_tokens, first.usage.output_tokens, first.usage.cost_usd) == (100, 20, 0.25)
    assert (second.usage.context_tokens, second.usage.context_limit, second.usage.cost_usd) == (900, 8000, 0.5)
    [day] = await rig.talks.usage.since(first.started_at)
    assert (day.cli, day.turns, day.input_tokens, day.cost_usd) == ("codex", 2, 110, 0.75)


async def test_commands_are_offered_also_when_the_agent_sleeps(rig: Rig) -> None:
    talk = await rig.begin()
    await rig.do(talk, "commands review init", "say x")
    assert [command.name for command in (await rig.conversations.get(talk.id)).commands] == ["review", "init"]


async def test_exports_hold_everything(rig: Rig) -> None:
    talk = await rig.begin()
    await rig.do(talk, "say ```code```", "tool execute completed ls", "output completed a```b")
    whole = await rig.conversations.export(talk.id, "json")
    assert b"```code```" in whole
    read = (await rig.conversations.export(talk.id, "markdown")).decode()
    assert "````\na```b\n````" in read


async def test_what_cannot_be_is_refused(rig: Rig) -> None:
    talk = await rig.begin()
    for new, code in (
        (NewConversation(), ProblemCode.INVALID_REQUEST),
        (NewConversation(cli="cobol"), ProblemCode.INVALID_REQUEST),
        (NewConversation(agent_id="wrk_none"), ProblemCode.NOT_FOUND),
    ):
        with pytest.raises(Problem) as caught:
            await rig.conversations.create(new)
        assert caught.value.code is code
    for message, code in (
        (NewMessage(""), ProblemCode.INVALID_REQUEST),
        (NewMessage("x" * (1024 * 1024 + 1)), ProblemCode.TOO_LARGE),
    ):
        with pytest.raises(Problem) as caught:
            await rig.conversations.send(talk.id, message)
        assert caught.value.code is code
    with pytest.raises(Problem) as caught:
        await rig.conversations.retry(talk.id)
    assert caught.value.code is ProblemCode.CONFLICT
    rig.scripted.missing = True
    with pytest.raises(Problem) as caught:
        await rig.send(talk, "say x")
    assert caught.value.code is ProblemCode.AGENT_MISSING
