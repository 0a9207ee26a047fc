"""The real CLIs through our conversations: what a person on the page, and a program on the API, gets."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from gateway.conversations.parts import DiffPart, ReasoningPart, TextPart, ToolPart, ToolState
from gateway.conversations.types import Permission, Reply, TurnState
from gateway.events.chat import MessageDelta, PermissionAsked
from tests.agents.daemons import daemon
from tests.agents.places import CLIS, Place
from tests.doubles.model_server import Answer, Hold, Outcome, RunShell, Say, Think, Turn, Usage, WriteFile, words

every_cli = pytest.mark.parametrize("cli", CLIS)
CANCEL_SECONDS = 1.0


def working(place: Place) -> None:
    """Teach the model a turn with reasoning, a file, a command, and words at the end."""
    first = Answer(
        (Think(("**Plan** ", "first")), Say(words("I write it. ")), WriteFile(str(place.folder / "a.txt"), "hello\n"))
    )
    last = Answer((Say(words("All of it is done.")),), Usage(1000, 50))
    place.script.add(Turn("ALPHA", (first, Answer((RunShell("cat a.txt"),)), last)))


def remembering(place: Place) -> None:
    """Teach the model a word, and to say it again."""
    place.script.add(
        Turn("DELTA", (Answer((Say(("The word is papaya.",)),)),)),
        Turn("ECHO", (Answer((Say(("It was papaya.",)),)),)),
    )


@every_cli
async def test_turn_with_tools_and_permissions(cli: str, place: Place, tmp_path: Path) -> None:
    working(place)
    async with daemon(place, tmp_path / "data") as life:
        conversation = await life.begin(cli)
        events = await life.followed(conversation.id, "please do ALPHA", Reply.ONCE)
        parts = await life.parts(conversation.id)
        turn = (await life.talks.conversations.turns(conversation.id))[-1]
    assert turn.state is TurnState.DONE, turn.problem
    assert turn.usage is not None
    assert turn.usage.output_tokens
    assert (place.folder / "a.txt").read_text() == "hello\n"
    asked = [event.request for event in events if isinstance(event, PermissionAsked)]
    assert [diff.new for diff in asked[0].diffs] == ["hello\n"]
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    assert "".join(texts).endswith("I write it. All of it is done.")
    assert any("first" in part.text for part in parts if isinstance(part, ReasoningPart))
    assert [(diff.path, diff.new) for diff in parts if isinstance(diff, DiffPart)] == [("a.txt", "hello\n")]
    tools = [part for part in parts if isinstance(part, ToolPart)]
    assert [tool.state for tool in tools] == [ToolState.COMPLETED] * 2
    # Gemini tells nobody what a command printed.
    assert cli == "gemini" or "hello" in tools[1].output
    assert any(isinstance(event, MessageDelta) for event in events)
    assert place.server.journal.strays == []


@every_cli
async def test_permission_rejected(cli: str, place: Place, tmp_path: Path) -> None:
    working(place)
    async with daemon(place, tmp_path / "data") as life:
        conversation = await life.begin(cli)
        await life.followed(conversation.id, "please do ALPHA", Reply.REJECT)
        parts = await life.parts(conversation.id)
    assert not (place.folder / "a.txt").exists()
    first = next(part for part in parts if isinstance(part, ToolPart))
    assert first.state in {ToolState.FAILED, ToolState.CANCELLED}


@every_cli
async def test_permission_for_all_asks_nothing(cli: str, place: Place, tmp_path: Path) -> None:
    working(place)
    async with daemon(place, tmp_path / "data") as life:
        conversation = await life.begin(cli, Permission.ALL)
        events = await life.followed(conversation.id, "please do ALPHA")
    assert not [event for event in events if isinstance(event, PermissionAsked)]
    assert (place.folder / "a.txt").read_text() == "hello\n"


@every_cli
async def test_cancel_in_the_middle_of_an_answer(cli: str, place: Place, tmp_path: Path) -> None:
    place.script.add(
        Turn("BRAVO", (Answer((Say(words("one two three")), Hold("middle"), Say(("never",)))),)),
        Turn("CHARLIE", (Answer((Say(("Here again.",)),)),)),
    )
    async with daemon(place, tmp_path / "data") as life:
        conversation = await life.begin(cli)
        turn = await life.send(conversation.id, "please do BRAVO")
        await place.server.journal.held("middle")
        begun = time.monotonic()
        assert await life.talks.conversations.cancel(conversation.id)
        ended = await life.over(conversation.id, turn.id)
        took = time.monotonic() - begun
        await place.server.journal.until(lambda: place.server.journal.turns[-1].outcome is Outcome.GONE, "hang-up")
        after = await life.say(conversation.id, "please do CHARLIE")
        parts = await life.parts(conversation.id)
    assert ended.state is TurnState.CANCELLED
    assert took < CANCEL_SECONDS
    assert after.state is TurnState.DONE, after.problem
    assert [part.text for part in parts if isinstance(part, TextPart)][-1].endswith("Here again.")


@every_cli
async def test_conversation_goes_on_after_a_restart(cli: str, place: Place, tmp_path: Path) -> None:
    remembering(place)
    async with daemon(place, tmp_path / "data") as life:
        conversation = await life.begin(cli)
        await life.say(conversation.id, "please do DELTA")
    # Gemini's message waits until the minute is over in which its session was made.
    async with daemon(place, tmp_path / "data") as life:
        turn = await life.say(conversation.id, "please do ECHO")
        messages = await life.talks.conversations.messages(conversation.id)
    assert turn.state is TurnState.DONE, turn.problem
    # What the CLI tells again of the loaded session is no news.
    assert [message.role for message in messages] == ["user", "agent", "user", "agent"]
    request = place.server.journal.turns[-1].request
    assert request is not None
    assert "The word is papaya." in [seen.text for seen in request.history if seen.role == "model"]


async def test_gemini_goes_on_with_a_summary_where_it_lost_its_session(place: Place, tmp_path: Path) -> None:
    remembering(place)
    async with daemon(place, tmp_path / "data") as life:
        conversation = await life.begin("gemini")
        await life.say(conversation.id, "please do DELTA")
    for file in await asyncio.to_thread(lambda: [*place.home.glob(".gemini/tmp/*/chats/session-*.jsonl")]):
        file.unlink()
    async with daemon(place, tmp_path / "data") as life:
        turn = await life.say(conversation.id, "please do ECHO")
        parts = await life.parts(conversation.id)
    assert turn.state is TurnState.DONE, turn.problem
    assert [part.text for part in parts if isinstance(part, TextPart)] == ["It was papaya."]
    request = place.server.journal.turns[-1].request
    assert request is not None
    assert "The word is papaya." in request.prompt


async def test_two_conversations_at_once(place: Place, tmp_path: Path) -> None:
    place.script.add(
        Turn("FOXTROT", (Answer((Hold("both"), Say(("Fox.",)))),)),
        Turn("GOLF", (Answer((Hold("both"), Say(("Golf.",)))),)),
    )
    async with daemon(place, tmp_path / "data") as life:
        first, second = await life.begin("claude-code"), await life.begin("codex")
        turns = [await life.send(first.id, "do FOXTROT"), await life.send(second.id, "do GOLF")]
        await place.server.journal.until(lambda: len(place.server.journal.turns) == 2, "two turns at once")
        place.server.journal.release("both")
        ended = await asyncio.gather(*(life.over(turn.conversation_id, turn.id) for turn in turns))
        texts = [
            [part.text for part in await life.parts(one.id) if isinstance(part, TextPart)] for one in (first, second)
        ]
    assert [turn.state for turn in ended] == [TurnState.DONE] * 2
    assert [text[-1] for text in texts] == ["Fox.", "Golf."]
