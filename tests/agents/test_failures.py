"""Turns that fail, with the real CLIs: each says why in a code and a sentence, and can be retried.

The refusals are in the words of the CLIs' own providers. Only those are tried that a CLI gives up on within seconds:
some try again for minutes before they tell anybody.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.conversations.parts import TextPart
from gateway.conversations.types import ConversationStatus, TurnState
from protocol.problems import ProblemCode
from tests.agents.daemons import daemon
from tests.agents.places import CLIS, Place
from tests.doubles.model_server import Answer, Break, Cut, Refuse, Say, Step, Think, Turn, words

BAD_KEY = {
    "claude-code": Refuse(401, "invalid x-api-key"),
    "codex": Refuse(
        401, "Incorrect API key provided: sk-not-a***6789. You can find your API key at https://example.com."
    ),
    "gemini": Refuse(400, "API key not valid. Please pass a valid API key."),
    "opencode": Refuse(
        401, "Incorrect API key provided: sk-not-a***6789. You can find your API key at https://example.com."
    ),
}
SLOW_DOWN = {
    "claude-code": Refuse(429, "This request would exceed your organization's rate limit.", retry_after=0),
    "codex": Refuse(429, "Rate limit reached for requests.", retry_after=0),
}
HALF = Say(("Half of ",))


async def failed(place: Place, data: Path, cli: str, *steps: Step) -> ProblemCode:
    """Let a turn fail, see that it can be retried, and say what was told of it."""
    place.script.add(Turn("ALPHA", ([Answer(steps)],)))
    async with daemon(place, data) as life:
        conversation = await life.begin(cli)
        turn = await life.say(conversation.id, "please do ALPHA")
        assert turn.state is TurnState.FAILED
        assert turn.problem is not None
        assert turn.problem.retryable
        assert (await life.talks.conversations.get(conversation.id)).status is ConversationStatus.FAILED
        place.script.add(Turn("ALPHA", (Answer((Say(("Well done.",)),)),)))
        again = await life.talks.conversations.retry(conversation.id)
        assert (await life.over(conversation.id, again.id)).state is TurnState.DONE
        texts = [part.text for part in await life.parts(conversation.id) if isinstance(part, TextPart)]
        assert texts[-1].endswith("Well done.")
    return turn.problem.code


@pytest.mark.parametrize("cli", CLIS)
async def test_key_that_the_provider_does_not_take(cli: str, place: Place, tmp_path: Path) -> None:
    assert await failed(place, tmp_path / "data", cli, BAD_KEY[cli]) is ProblemCode.NOT_LOGGED_IN


@pytest.mark.parametrize("cli", sorted(SLOW_DOWN))
async def test_rate_limit(cli: str, place: Place, tmp_path: Path) -> None:
    assert await failed(place, tmp_path / "data", cli, SLOW_DOWN[cli]) is ProblemCode.RATE_LIMITED


async def test_provider_with_a_fault(place: Place, tmp_path: Path) -> None:
    code = await failed(place, tmp_path / "data", "claude-code", Refuse(500, "Internal server error"))
    assert code is ProblemCode.UNAVAILABLE


@pytest.mark.parametrize("cli", ["claude-code", "gemini"])
async def test_connection_cut_in_the_middle(cli: str, place: Place, tmp_path: Path) -> None:
    assert await failed(place, tmp_path / "data", cli, HALF, Cut()) is ProblemCode.UNAVAILABLE


async def test_stream_that_breaks_is_no_success(place: Place, tmp_path: Path) -> None:
    # Codex calls such a turn ended and tells the error as if the agent had said it.
    code = await failed(place, tmp_path / "data", "codex", HALF, Break("The server is overloaded."))
    assert code in {ProblemCode.RATE_LIMITED, ProblemCode.UNAVAILABLE, ProblemCode.SESSION_FAILED}


async def test_answer_that_codex_begins_again_is_said_once(place: Place, tmp_path: Path) -> None:
    cut = Answer((Think(("I think.",)), Say(words("The frost comes ")), Cut()))
    whole = Answer((Think(("I think.",)), Say(words("The frost comes tonight."))))
    other = Answer((Say(words("Or it does not.")),))
    place.script.add(Turn("ALPHA", ([cut, cut, whole],)), Turn("BRAVO", ([cut, other],)))
    async with daemon(place, tmp_path / "data") as life:
        conversation = await life.begin("codex")
        first = await life.say(conversation.id, "please do ALPHA")
        same = [part.text for part in await life.parts(conversation.id) if isinstance(part, TextPart)]
        second = await life.say(conversation.id, "please do BRAVO")
        others = [part.text for part in await life.parts(conversation.id) if isinstance(part, TextPart)]
    assert [first.state, second.state] == [TurnState.DONE] * 2
    assert same == ["The frost comes tonight."]
    assert "".join(others).startswith("The frost comes ")
    assert "".join(others).endswith("Or it does not.")
