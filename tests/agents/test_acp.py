"""What the pinned CLIs do over ACP, and that our table of their departures from it is right."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from acp.schema import FileEditToolCallContent, PromptResponse

from gateway.agents.acp import AcpLaunch
from tests.agents.places import CLIS, Place, made_a_minute_earlier
from tests.agents.talking import Listener, talking
from tests.doubles.model_server import Answer, Hold, Outcome, Say, Turn, WriteFile, words

every_cli = pytest.mark.parametrize("cli", CLIS)
CANCEL_SECONDS = 1.0


def writing(file: Path) -> Turn:
    """A turn that writes a file and then says how it went."""
    return Turn(
        "ALPHA", (Answer((Say(words("I write it. ")), WriteFile(str(file), "hello\n"))), Answer((Say(("Done.",)),)))
    )


@every_cli
async def test_turn_with_a_permission_given(cli: str, place: Place) -> None:
    file = place.folder / "hello.txt"
    place.script.add(writing(file))
    launch = await place.launch(cli)
    async with talking(launch, place.folder, place.errors) as talk:
        answer = await talk.say(await talk.create(), "please do ALPHA")
    said = talk.listener
    assert answer.stop_reason == "end_turn"
    assert said.text.endswith("I write it. Done.")
    assert file.read_text() == "hello\n"
    assert [asked.call.kind for asked in said.asked] == ["edit"]
    assert said.ended(said.asked[0].call.tool_call_id) == "completed"
    assert place.server.journal.strays == []
    _holds_quirks(said, launch, answer)


def _holds_quirks(said: Listener, launch: AcpLaunch, answer: PromptResponse) -> None:
    quirks, asked = launch.quirks, said.asked[0]
    assert (asked.call.tool_call_id not in said.calls(asked.after)) is quirks.tool_call_from_permission
    assert bool(said.written) is quirks.writes_files
    assert (answer.usage is None) is (quirks.usage_in_meta is not None)
    if quirks.usage_in_meta is not None:
        assert answer.field_meta is not None
        assert answer.field_meta[quirks.usage_in_meta]["token_count"]["output_tokens"] > 0


@every_cli
async def test_permission_refused(cli: str, place: Place) -> None:
    file = place.folder / "hello.txt"
    place.script.add(writing(file))
    async with talking(await place.launch(cli), place.folder, place.errors) as talk:
        talk.listener.reply = "reject_once"
        await talk.say(await talk.create(), "please do ALPHA")
    assert len(talk.listener.asked) == 1
    assert not file.exists()


@every_cli
async def test_diff_comes_with_the_permission_or_before(cli: str, place: Place) -> None:
    file = place.folder / "hello.txt"
    place.script.add(writing(file))
    async with talking(await place.launch(cli), place.folder, place.errors) as talk:
        await talk.say(await talk.create(), "please do ALPHA")
    asked = talk.listener.asked[0]
    before = [getattr(update, "content", None) or [] for update in talk.listener.updates[: asked.after]]
    shown = [*(asked.call.content or []), *(one for many in before if isinstance(many, list) for one in many)]
    diffs = {(diff.path, diff.new_text) for diff in shown if isinstance(diff, FileEditToolCallContent)}
    assert diffs == {(str(file), "hello\n")}


@every_cli
async def test_cancel_in_the_middle_of_an_answer(cli: str, place: Place) -> None:
    place.script.add(Turn("BRAVO", (Answer((Say(words("one two three")), Hold("middle"), Say(("never",)))),)))
    async with talking(await place.launch(cli), place.folder, place.errors) as talk:
        session = await talk.create()
        turn = asyncio.create_task(talk.say(session, "please do BRAVO"))
        await place.server.journal.held("middle")
        begun = time.monotonic()
        await talk.connection.cancel(session_id=session)
        answer = await turn
        took = time.monotonic() - begun
        await place.server.journal.until(lambda: place.server.journal.turns[-1].outcome is Outcome.GONE, "hang-up")
    assert answer.stop_reason == "cancelled"
    assert took < CANCEL_SECONDS
    assert "never" not in talk.listener.text


@every_cli
async def test_session_goes_on_in_another_process(cli: str, place: Place) -> None:
    place.script.add(
        Turn("CHARLIE", (Answer((Say(("The word is papaya.",)),)),)),
        Turn("DELTA", (Answer((Say(("It was papaya.",)),)),)),
    )
    launch = await place.launch(cli)
    async with talking(launch, place.folder, place.errors) as talk:
        session = await talk.create()
        await talk.say(session, "please do CHARLIE")
    if launch.quirks.load_after_create_fails:
        await asyncio.to_thread(made_a_minute_earlier, place.home)
    async with talking(launch, place.folder, place.errors) as talk:
        await talk.load(session)
        await talk.say(session, "please do DELTA")
    assert "please do CHARLIE" in talk.listener.replayed
    assert talk.listener.text.endswith("It was papaya.")
    request = place.server.journal.turns[-1].request
    assert request is not None
    assert "The word is papaya." in [seen.text for seen in request.history if seen.role == "model"]
