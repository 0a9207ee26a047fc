"""The four clients. Each is written from the specification of its API, not from the server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from tests.unit.doubles.asking import PARAMETERS, Client, Event, Json, dig, joined, of_type


def _anthropic_body(prompt: str, streaming: bool) -> Json:
    tools = [{"name": "Bash", "input_schema": PARAMETERS}]
    messages = [{"role": "user", "content": prompt}]
    return {"model": "m", "max_tokens": 100, "stream": streaming, "tools": tools, "messages": messages}


def _anthropic_answered(body: Json) -> Json:
    use = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "listed"}
    reminder = {"type": "text", "text": "<system-reminder>Say nothing of this.</system-reminder>"}
    more = [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result, reminder]}]
    return {**body, "messages": [*cast(list[Json], body["messages"]), *more]}


def _anthropic_call(events: Sequence[Event]) -> tuple[str, Json]:
    starts = of_type(events, "content_block_start")
    name = next(dig(one, "content_block", "name") for one in starts if dig(one, "content_block", "type") == "tool_use")
    return str(name), json.loads(joined(events, "content_block_delta", "delta", "partial_json"))


def _anthropic_tokens(events: Sequence[Event]) -> tuple[int, int]:
    usage = cast(dict[str, int], of_type(events, "message_delta")[0]["usage"])
    return usage["input_tokens"] + usage["cache_read_input_tokens"], usage["output_tokens"]


def _responses_body(prompt: str, streaming: bool) -> Json:
    tools = [{"type": "function", "name": "exec_command", "parameters": PARAMETERS}]
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": prompt}]}
    return {"model": "m", "stream": streaming, "tools": tools, "input": [said]}


def _responses_answered(body: Json) -> Json:
    call = {"type": "function_call", "call_id": "c1", "name": "exec_command", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c1", "output": "listed"}
    return {**body, "input": [*cast(list[Json], body["input"]), call, output]}


def _responses_call(events: Sequence[Event]) -> tuple[str, Json]:
    items = [one["item"] for one in of_type(events, "response.output_item.done")]
    name = next(dig(item, "name") for item in items if dig(item, "type") == "function_call")
    return str(name), json.loads(joined(events, "response.function_call_arguments.delta", "delta"))


def _responses_tokens(events: Sequence[Event]) -> tuple[int, int]:
    usage = cast(dict[str, int], dig(of_type(events, "response.completed")[0], "response", "usage"))
    return usage["input_tokens"], usage["output_tokens"]


def _chat_body(prompt: str, streaming: bool) -> Json:
    tools = [{"type": "function", "function": {"name": "bash", "parameters": PARAMETERS}}]
    asked: Json = {"stream": True, "stream_options": {"include_usage": True}} if streaming else {}
    return {"model": "m", "tools": tools, "messages": [{"role": "user", "content": prompt}], **asked}


def _chat_answered(body: Json) -> Json:
    call = {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
    more = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "listed"},
    ]
    return {**body, "messages": [*cast(list[Json], body["messages"]), *more]}


_CHAT_CALL = ("choices", 0, "delta", "tool_calls", 0, "function")


def _chat_call(events: Sequence[Event]) -> tuple[str, Json]:
    return joined(events, None, *_CHAT_CALL, "name"), json.loads(joined(events, None, *_CHAT_CALL, "arguments"))


def _chat_tokens(events: Sequence[Event]) -> tuple[int, int]:
    assert events[-1].text == "[DONE]"
    usage = cast(dict[str, int], events[-2].data["usage"])
    return usage["prompt_tokens"], usage["completion_tokens"]


def _gemini_body(prompt: str, streaming: bool) -> Json:
    tools = [{"functionDeclarations": [{"name": "run_shell_command", "parametersJsonSchema": PARAMETERS}]}]
    return {"tools": tools, "contents": [{"role": "user", "parts": [{"text": prompt}]}]}


def _gemini_answered(body: Json) -> Json:
    call = {"functionCall": {"name": "run_shell_command", "args": {}}}
    result = {"functionResponse": {"name": "run_shell_command", "response": {"output": "listed"}}}
    more = [{"role": "model", "parts": [call]}, {"role": "user", "parts": [result]}]
    return {**body, "contents": [*cast(list[Json], body["contents"]), *more]}


def _gemini_parts(events: Sequence[Event]) -> list[Json]:
    found = (dig(event.data, "candidates", 0, "content", "parts", 0) for event in events)
    return [cast(Json, part) for part in found if part is not None]


def _gemini_text(events: Sequence[Event], thought: bool) -> str:
    parts = _gemini_parts(events)
    return "".join(str(part["text"]) for part in parts if "text" in part and bool(part.get("thought")) is thought)


def _gemini_call(events: Sequence[Event]) -> tuple[str, Json]:
    call = next(cast(Json, part["functionCall"]) for part in _gemini_parts(events) if "functionCall" in part)
    return str(call["name"]), cast(Json, call["args"])


def _gemini_tokens(events: Sequence[Event]) -> tuple[int, int]:
    assert dig(events[-1].data, "candidates", 0, "finishReason") == "STOP"
    usage = cast(dict[str, int], events[-1].data["usageMetadata"])
    return usage["promptTokenCount"], usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]


ANTHROPIC = Client(
    "anthropic",
    "/v1/messages",
    "/v1/messages",
    _anthropic_body,
    lambda events: joined(events, "content_block_delta", "delta", "text"),
    lambda events: joined(events, "content_block_delta", "delta", "thinking"),
    _anthropic_call,
    _anthropic_tokens,
    _anthropic_answered,
)
RESPONSES = Client(
    "responses",
    "/v1/responses",
    "/v1/responses",
    _responses_body,
    lambda events: joined(events, "response.output_text.delta", "delta"),
    lambda events: joined(events, "response.reasoning_summary_text.delta", "delta"),
    _responses_call,
    _responses_tokens,
    _responses_answered,
)
CHAT = Client(
    "chat",
    "/v1/chat/completions",
    "/v1/chat/completions",
    _chat_body,
    lambda events: joined(events, None, "choices", 0, "delta", "content"),
    lambda events: joined(events, None, "choices", 0, "delta", "reasoning_content"),
    _chat_call,
    _chat_tokens,
    _chat_answered,
)
GEMINI = Client(
    "gemini",
    "/v1beta/models/m:streamGenerateContent?alt=sse",
    "/v1beta/models/m:generateContent",
    _gemini_body,
    lambda events: _gemini_text(events, thought=False),
    lambda events: _gemini_text(events, thought=True),
    _gemini_call,
    _gemini_tokens,
    _gemini_answered,
)
CLIENTS = (ANTHROPIC, RESPONSES, CHAT, GEMINI)
