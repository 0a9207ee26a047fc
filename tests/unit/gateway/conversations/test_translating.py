"""Updates in the shapes of the protocol's specification, and the quirks of each CLI evened out."""

from __future__ import annotations

from typing import Any

from acp.schema import PromptResponse, RequestPermissionRequest, SessionNotification

from gateway.agents.acp import Quirks
from gateway.conversations.agent_client.quirks.permission_calls import call_of_request
from gateway.conversations.agent_client.quirks.usage import usage_of
from gateway.conversations.agent_client.translate import Translator
from gateway.conversations.parts import PlanEntry, ToolKind, ToolState
from gateway.conversations.types import SlashCommand, Usage
from gateway.conversations.updates import (
    CommandsTold,
    ContextTold,
    FailureTold,
    FileDiff,
    Planned,
    Said,
    Thought,
    ToolTold,
    Update,
)


def told(update: dict[str, Any], translator: Translator | None = None) -> list[Update]:
    note = SessionNotification.model_validate({"sessionId": "s", "update": update})
    return (translator or Translator(Quirks())).updates(note.update)


def chunk(text: str, kind: str = "agent_message_chunk") -> dict[str, Any]:
    return {"sessionUpdate": kind, "content": {"type": "text", "text": text}}


def test_words_and_thoughts() -> None:
    assert told(chunk("hello")) == [Said("hello")]
    assert told(chunk("hm", "agent_thought_chunk")) == [Thought("hm")]
    assert told(chunk("mine", "user_message_chunk")) == []
    assert told(chunk("half \ud83d")) == [Said("half ?")]
    link = {"type": "resource_link", "name": "a.txt", "uri": "file:///a.txt"}
    assert told({"sessionUpdate": "agent_message_chunk", "content": link}) == [Said("[a.txt](file:///a.txt)")]
    image = {"type": "image", "data": "AA==", "mimeType": "image/png"}
    assert told({"sessionUpdate": "agent_message_chunk", "content": image}) == [Said("[image]")]


def test_a_tool_call_from_its_beginning_to_its_end() -> None:
    begun = {
        "sessionUpdate": "tool_call",
        "toolCallId": "call_1",
        "title": "Edit a.py",
        "kind": "edit",
        "status": "in_progress",
        "rawInput": {"path": "a.py"},
        "locations": [{"path": "/w/a.py", "line": 3}],
        "content": [{"type": "diff", "path": "/w/a.py", "oldText": None, "newText": "x"}],
        "_meta": {"claudeCode": {"toolName": "Edit"}},
    }
    assert told(begun) == [
        ToolTold(
            "call_1",
            name="Edit",
            title="Edit a.py",
            kind=ToolKind.EDIT,
            state=ToolState.RUNNING,
            input='{"path": "a.py"}',
            paths=("/w/a.py",),
            diffs=(FileDiff("/w/a.py", None, "x"),),
        )
    ]
    ended = {
        "sessionUpdate": "tool_call_update",
        "toolCallId": "call_1",
        "status": "completed",
        "content": [
            {"type": "content", "content": {"type": "text", "text": "one"}},
            {"type": "content", "content": {"type": "text", "text": "two"}},
        ],
    }
    assert told(ended) == [ToolTold("call_1", state=ToolState.COMPLETED, output="one\ntwo")]
    raw = {"sessionUpdate": "tool_call_update", "toolCallId": "c", "rawOutput": {"formatted_output": "ok", "exit": 0}}
    assert told(raw) == [ToolTold("c", raw_output="ok")]
    odd = {"sessionUpdate": "tool_call_update", "toolCallId": "c", "kind": "switch_mode", "rawOutput": [1]}
    assert told(odd) == [ToolTold("c", kind=ToolKind.OTHER, raw_output="[1]")]


def test_plans_commands_and_context() -> None:
    plan = {"sessionUpdate": "plan", "entries": [{"content": "a", "priority": "high", "status": "in_progress"}]}
    assert told(plan) == [Planned((PlanEntry(content="a", priority="high", status="in_progress"),))]
    commands = {
        "sessionUpdate": "available_commands_update",
        "availableCommands": [
            {"name": "review", "description": "Looks", "input": {"hint": "what"}},
            {"name": "/init", "description": "Begins"},
        ],
    }
    assert told(commands) == [
        CommandsTold((SlashCommand("review", "Looks", "what"), SlashCommand("init", "Begins", None)))
    ]
    usage = {"sessionUpdate": "usage_update", "used": 10, "size": 100, "cost": {"amount": 0.5, "currency": "USD"}}
    assert told(usage) == [ContextTold(10, 100, 0.5)]
    assert told({**usage, "cost": {"amount": 0.5, "currency": "EUR"}}) == [ContextTold(10, 100, None)]
    assert told({"sessionUpdate": "current_mode_update", "currentModeId": "x"}) == []


def test_empty_chunks_say_nothing_where_a_cli_sends_them() -> None:
    assert told(chunk(""), Translator(Quirks(drop_empty_chunks=True))) == []
    assert told(chunk(""), Translator(Quirks())) == [Said("")]


def test_a_change_of_mode_is_no_part_of_what_is_said() -> None:
    translator = Translator(Quirks(mode_changes_as_messages=True))
    assert told(chunk("[MODE_UPDATE] autoEdit"), translator) == []
    assert told(chunk("[MODE_UPDATE] is what it says"), translator) == [Said("[MODE_UPDATE] is what it says")]
    assert told(chunk("[MODE_UPDATE] yolo")) == [Said("[MODE_UPDATE] yolo")]


def test_output_in_meta_goes_behind_what_is_there() -> None:
    update = {
        "sessionUpdate": "tool_call_update",
        "toolCallId": "c",
        "_meta": {"terminal_output_delta": {"data": "line\n", "terminal_id": "t"}},
    }
    assert told(update, Translator(Quirks(output_in_meta=True))) == [ToolTold("c", more_output="line\n")]
    assert told(update) == [ToolTold("c")]
    update["_meta"] = {"terminal_output_delta": "text"}
    assert told(update, Translator(Quirks(output_in_meta=True))) == [ToolTold("c", more_output="text")]


def test_warnings_before_the_answer_are_no_part_of_it() -> None:
    translator = Translator(Quirks(warnings_as_messages=True))
    assert told(chunk("Warning: no metadata"), translator) == [Thought("Warning: no metadata\n")]
    assert told(chunk("⚠ old config"), translator) == [Thought("⚠ old config\n")]
    assert told(chunk("Hello. "), translator) == [Said("Hello. ")]
    assert told(chunk("Warning: hot"), translator) == [Said("Warning: hot")]
    translator.begin()
    assert told(chunk("warning: again"), translator) == [Thought("warning: again\n")]
    assert told(chunk("Warningless"), translator) == [Said("Warningless")]


def test_an_error_told_as_if_it_were_said_is_a_failure() -> None:
    translator = Translator(Quirks())
    told(chunk("Half of "), translator)
    status = {"sessionUpdate": "session_info_update", "_meta": {"codex": {"threadStatus": {"type": "systemError"}}}}
    assert told(status, translator) == []
    assert told(chunk("429 slow down"), translator) == [FailureTold("429 slow down")]
    translator.begin()
    assert told(chunk("fine"), translator) == [Said("fine")]


def test_a_permission_stands_for_a_call_that_was_not_told() -> None:
    asked = RequestPermissionRequest.model_validate(
        {
            "sessionId": "s",
            "toolCall": {"toolCallId": "c", "title": "rm x", "kind": "execute", "status": "pending"},
            "options": [{"optionId": "y", "name": "Yes", "kind": "allow_once"}],
        }
    )
    call = call_of_request(Translator(Quirks()).tool(asked.tool_call))
    assert call == ToolTold("c", title="rm x", kind=ToolKind.EXECUTE, state=ToolState.WAITING)


def test_usage_where_it_stands() -> None:
    answer = PromptResponse.model_validate(
        {
            "stopReason": "end_turn",
            "usage": {"totalTokens": 9, "inputTokens": 5, "outputTokens": 4, "cachedReadTokens": 2, "thoughtTokens": 1},
        }
    )
    assert usage_of(answer, None) == Usage(input_tokens=5, output_tokens=4, cached_tokens=2, reasoning_tokens=1)
    quota = {"quota": {"token_count": {"input_tokens": 7, "output_tokens": True}}}
    meta = PromptResponse.model_validate({"stopReason": "end_turn", "_meta": quota})
    assert usage_of(meta, "quota") == Usage(input_tokens=7)
    assert usage_of(meta, None) == Usage()
    odd = PromptResponse.model_validate({"stopReason": "end_turn", "_meta": {"quota": [1]}})
    assert usage_of(odd, "quota") == Usage()
