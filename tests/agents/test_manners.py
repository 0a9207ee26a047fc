"""Another permission or model in the middle of a conversation with the real CLIs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.conversations.parts import TextPart
from gateway.conversations.types import Permission, Reply, TurnState
from gateway.events.chat import PermissionAsked
from tests.agents.daemons import Daemon, daemon
from tests.agents.places import CLIS, Place
from tests.doubles.model_server import Answer, Say, Turn, WriteFile, words

every_cli = pytest.mark.parametrize("cli", CLIS)
OTHER = {
    "claude-code": ("sonnet", "sonnet"),
    "codex": ("gpt-hutch-2", "gpt-hutch-2"),
    "gemini": ("gemini-2.5-flash", "gemini-2.5-flash"),
    "opencode": ("hutch-2", "hutch-2"),
}
"""Another model as a person names it, and what the name that its provider is asked for has in it."""


def writing(place: Place, marker: str, name: str) -> None:
    """Teach the model to write a file when it is asked with this marker."""
    call = Answer((Say(words(f"{marker} begins. ")), WriteFile(str(place.folder / name), "hello\n")))
    place.script.add(Turn(marker, (call, Answer((Say((f"{marker} is done.",)),)))))


async def asked(life: Daemon, conversation: str, text: str) -> int:
    """How many questions a turn asked, each of which was answered."""
    events = await life.followed(conversation, text, Reply.ONCE)
    return len([event for event in events if isinstance(event, PermissionAsked)])


@every_cli
async def test_permission_changes_and_the_memory_stays(cli: str, place: Place, tmp_path: Path) -> None:
    for marker, name in (("ALPHA", "a.txt"), ("BRAVO", "b.txt"), ("CHARLIE", "c.txt")):
        writing(place, marker, name)
    async with daemon(place, tmp_path / "data") as life:
        name = (await life.begin(cli)).id
        assert await asked(life, name, "please do ALPHA") == 1
        await life.talks.conversations.permit(name, Permission.ALL, by="ann")
        assert await asked(life, name, "please do BRAVO") == 0
        await life.talks.conversations.permit(name, Permission.ASK, by="ann")
        assert await asked(life, name, "please do CHARLIE") == 1
        messages = await life.talks.conversations.messages(name)
    assert sorted(file.name for file in place.folder.glob("*.txt")) == ["a.txt", "b.txt", "c.txt"]
    # No summary of what was said, and no word of a change of mode.
    assert [message.role for message in messages] == ["user", "agent"] * 3
    texts = [part.text for message in messages for part in message.parts if isinstance(part, TextPart)]
    assert not [text for text in texts if "MODE" in text]
    request = place.server.journal.turns[-1].request
    assert request is not None
    history = " ".join(seen.text for seen in request.history if seen.role == "model")
    assert "ALPHA is done." in history
    assert "BRAVO is done." in history


@every_cli
async def test_permission_changes_while_a_question_is_open(cli: str, place: Place, tmp_path: Path) -> None:
    writing(place, "ALPHA", "a.txt")
    async with daemon(place, tmp_path / "data") as life:
        name = (await life.begin(cli)).id
        async with life.talks.conversations.watch(name) as (_, events):
            turn = await life.send(name, "please do ALPHA")
            async for event in events:
                if isinstance(event, PermissionAsked):
                    break
            await life.talks.conversations.permit(name, Permission.EDITS, by="ann")
        ended = await life.over(name, turn.id)
        texts = [part.text for part in await life.parts(name) if isinstance(part, TextPart)]
    assert ended.state is TurnState.DONE, ended.problem
    assert (place.folder / "a.txt").read_text() == "hello\n"
    assert "".join(texts).endswith("ALPHA begins. ALPHA is done.")


@every_cli
async def test_model_changes_and_comes_back(cli: str, place: Place, tmp_path: Path) -> None:
    for marker in ("ALPHA", "BRAVO", "CHARLIE"):
        place.script.add(Turn(marker, (Answer((Say((f"{marker} is done.",)),)),)))
    wanted, named = OTHER[cli]
    async with daemon(place, tmp_path / "data") as life:
        name = (await life.begin(cli)).id
        used = []
        for marker, model in (("ALPHA", None), ("BRAVO", wanted), ("CHARLIE", None)):
            await life.talks.conversations.choose_model(name, model)
            turn = await life.say(name, f"please do {marker}")
            assert turn.state is TurnState.DONE, turn.problem
            request = place.server.journal.turns[-1].request
            assert request is not None
            used.append(request.model)
        messages = await life.talks.conversations.messages(name)
    request = place.server.journal.turns[-1].request
    assert request is not None
    history = " ".join(seen.text for seen in request.history if seen.role == "model")
    assert named in used[1]
    assert used[0] == used[2] != used[1]
    assert "ALPHA is done." in history
    assert [message.role for message in messages] == ["user", "agent"] * 3
