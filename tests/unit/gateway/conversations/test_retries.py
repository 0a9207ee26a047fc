"""An answer that is told again from its beginning, because the connection to the provider broke."""

from __future__ import annotations

from typing import Any

import pytest
from acp.schema import SessionNotification

from gateway.agents.acp import Quirks
from gateway.conversations.agent_client.translate import Translator
from gateway.conversations.updates import Said, Thought, ToolTold, Update

RETRY: dict[str, Any] = {
    "sessionUpdate": "session_info_update",
    "_meta": {"codex": {"error": {"message": "Reconnecting... 1/5", "willRetry": True}}},
}
TOOL: dict[str, Any] = {"sessionUpdate": "tool_call", "toolCallId": "t", "title": "ls", "status": "completed"}
_KINDS = {"say": "agent_message_chunk", "think": "agent_thought_chunk"}


def heard(*steps: str, repeats: bool = True) -> list[Update]:
    """What is heard of ``say WORDS``, ``think WORDS``, ``warn WORDS``, ``retry`` and ``tool``."""
    translator, attempt, found = Translator(Quirks(repeats_when_it_retries=repeats)), 0, []
    for step in steps:
        name, _, text = step.partition(" ")
        if name == "retry":
            attempt += 1
        update = {"retry": RETRY, "tool": TOOL}.get(name) or {
            "sessionUpdate": _KINDS.get(name, "agent_message_chunk"),
            "content": {"type": "text", "text": text},
            **({} if name == "warn" else {"messageId": f"{name}{attempt}"}),
        }
        found += translator.updates(SessionNotification.model_validate({"sessionId": "s", "update": update}).update)
    return found


def words(updates: list[Update], kind: type[Said] | type[Thought] = Said) -> str:
    return "".join(update.text for update in updates if isinstance(update, kind))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (("say Hello ", "say there", "retry", "say Hello ", "say there ", "say you"), "Hello there you"),
        (("say Hello ", "say there", "retry", "say Hello there you", "say ."), "Hello there you."),
        (("say Hello", "retry", "say Hel", "retry", "say Hello yo", "retry", "say Hello you"), "Hello you"),
        (("say Hello there", "retry", "say Hello"), "Hello there"),
        (("say Hello", "retry", "say Help ", "say me"), "Hello\n\nHelp me"),
        (("say Hello", "retry", "say He", "say lp ", "retry", "say Help ", "say me"), "Hello\n\nHelp me"),
        (("retry", "say Hello"), "Hello"),
        (("say Hello", "say Hello"), "HelloHello"),
        (("warn Warning. ", "say Hello", "retry", "warn Again. ", "say Hello you"), "Warning. HelloAgain.  you"),
    ],
)
def test_what_is_the_same_is_said_once(steps: tuple[str, ...], said: str) -> None:
    assert words(heard(*steps)) == said


def test_an_answer_goes_on_where_it_broke_off() -> None:
    steps = ("think Hm", "say Hel", "retry", "think Hm", "say Hel", "say lo")
    assert heard(*steps) == [Thought("Hm"), Said("Hel"), Said("lo")]
    assert len(heard(*steps, repeats=False)) == 5


def test_other_thoughts_begin_another_answer() -> None:
    found = heard("think Hm", "say Hello", "retry", "think Well", "say Hello ", "say you")
    assert found == [Thought("Hm"), Said("Hello"), Thought("Well"), Said("Hello "), Said("you")]
    more = heard("think Hm", "say Hello", "retry", "think Hm", "think , well", "say Hello you")
    assert more[2:] == [Thought("Hm, well"), Said("Hello you")]


def test_thoughts_that_broke_off_go_on() -> None:
    assert words(heard("think Let me", "retry", "think Let me see", "say x"), Thought) == "Let me see"


def test_what_was_said_before_a_tool_does_not_come_again() -> None:
    found = heard("say Look.", "tool", "say Done", "retry", "say Done", "say .")
    assert [type(update) for update in found] == [Said, ToolTold, Said, Said]
    assert words(found) == "Look.Done."


def test_a_long_answer_stays_quick() -> None:
    piece = "word " * 20
    found = heard(*[f"say {piece}"] * 2000, "retry", *[f"say {piece}"] * 2001)
    assert words(found) == piece * 2001
