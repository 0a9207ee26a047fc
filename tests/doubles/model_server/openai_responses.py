"""OpenAI's Responses API (platform.openai.com/docs/api-reference: Responses, Streaming events, Errors)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from tests.doubles.model_server.encoder import SSE, JsonObject, cut_in_pieces, event, new_id
from tests.doubles.model_server.openai_errors import error_object
from tests.doubles.model_server.request import ApiName, Incoming, ModelRequest, Schema, Seen, Tool
from tests.doubles.model_server.script import Call, Refuse, Usage

_OUTPUTS = ("function_call_output", "custom_tool_call_output", "local_shell_call_output")


class _Content(Incoming):
    type: str = ""
    text: str = ""


class _Tool(Incoming):
    type: str
    name: str = ""
    parameters: Schema | None = None
    tools: tuple[_Tool, ...] = ()


class _Item(Incoming):
    type: str = "message"
    role: str = ""
    content: str | list[_Content] | None = None
    output: str | list[_Content] | JsonObject | None = None
    tools: tuple[_Tool, ...] = ()


class _Text(Incoming):
    format: JsonObject | None = None


class _Body(Incoming):
    model: str
    input: str | list[_Item]
    instructions: str | None = None
    stream: bool = False
    tools: tuple[_Tool, ...] = ()
    text: _Text | None = None


class OpenaiResponses:
    """POST /v1/responses."""

    name: ApiName = "responses"

    def read(self, path: Mapping[str, str], query: Mapping[str, str], body: bytes) -> ModelRequest:
        """The request of a body."""
        read = _Body.model_validate_json(body)
        items = [_Item(role="user", content=read.input)] if isinstance(read.input, str) else read.input
        inner = read.text.format.get("schema") if read.text and read.text.format else None
        return ModelRequest(
            api=self.name,
            model=read.model,
            system="\n".join([read.instructions or "", *(_text(one) for one in items if one.role in _SYSTEM)]),
            history=[seen for item in items for seen in _seen(item)],
            tools=[tool for some in (read.tools, *(item.tools for item in items)) for tool in _tools(some)],
            streaming=read.stream,
            schema=Schema.model_validate(inner) if inner is not None else None,
        )

    def encoder(self, request: ModelRequest) -> ResponsesEncoder:
        """One for this model."""
        return ResponsesEncoder(request.model)

    def refusal(self, refuse: Refuse) -> JsonObject:
        """The error object."""
        return error_object(refuse)


_SYSTEM = ("system", "developer")


def _tools(declared: Iterable[_Tool], namespace: str = "") -> Iterator[Tool]:
    """Tools, those in namespaces too. Codex declares them in an item of the input for some models."""
    for tool in declared:
        if tool.type == "namespace":
            yield from _tools(tool.tools, tool.name)
        else:
            # Tools that the provider runs itself have a type and no name.
            name = tool.name or tool.type
            yield Tool(name, tool.parameters or Schema(), free=tool.type == "custom", namespace=namespace)


def _text(item: _Item) -> str:
    if isinstance(item.content, list):
        return "\n".join(part.text for part in item.content)
    return item.content or ""


def _seen(item: _Item) -> Iterator[Seen]:
    if item.type in _OUTPUTS:
        output = item.output
        text = "\n".join(part.text for part in output) if isinstance(output, list) else output
        yield Seen("tool", text if isinstance(text, str) else json.dumps(text))
    elif item.type == "message" and item.role == "user":
        yield Seen("user", _text(item))
    elif item.role not in _SYSTEM:
        yield Seen("model", _text(item))


class ResponsesEncoder:
    """Output items, each added, filled and done; every event has the next number."""

    content_type = SSE

    def __init__(self, model: str) -> None:
        self._number = -1
        self._items: list[JsonObject] = []
        self._open: Literal["", "message", "reasoning"] = ""
        self._text = ""
        self._head: JsonObject = {
            **{"id": new_id("resp_"), "object": "response", "created_at": int(time.time()), "model": model},
            **{"error": None, "incomplete_details": None, "instructions": None, "metadata": {}},
            **{"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "temperature": 1.0, "top_p": 1.0},
        }

    def begin(self, usage: Usage) -> bytes:
        """``response.created`` and ``response.in_progress``."""
        response = {**self._head, "status": "in_progress", "output": [], "usage": None}
        return self._event("response.created", response=response) + self._event(
            "response.in_progress", response=response
        )

    def text(self, delta: str) -> bytes:
        """A ``response.output_text.delta``."""
        head = self._enter("message")
        self._text += delta
        return head + self._part_event("response.output_text.delta", delta=delta, logprobs=[])

    def reasoning(self, delta: str) -> bytes:
        """A ``response.reasoning_summary_text.delta``."""
        head = self._enter("reasoning")
        self._text += delta
        return head + self._part_event("response.reasoning_summary_text.delta", delta=delta)

    def call(self, call: Call) -> bytes:
        """A function call with JSON arguments, or a custom tool call with plain text."""
        head = self._leave()
        common: JsonObject = {"call_id": new_id("call_"), "name": call.name}
        if call.namespace:
            common["namespace"] = call.namespace
        kind, key, value = ("function_call", "arguments", json.dumps(call.arguments))
        if call.text:
            kind, key, value = ("custom_tool_call", "input", call.text)
        part = "function_call_arguments" if kind == "function_call" else "custom_tool_call_input"
        item: JsonObject = {"id": new_id("fc_"), "type": kind, "status": "in_progress", key: "", **common}
        place = {"item_id": item["id"], "output_index": len(self._items)}
        body = self._event("response.output_item.added", output_index=len(self._items), item=dict(item))
        for piece in cut_in_pieces(value):
            body += self._event(f"response.{part}.delta", **place, delta=piece)
        body += self._event(f"response.{part}.done", **place, **{key: value})
        item |= {key: value, "status": "completed"}
        return head + body + self._done(item)

    def end(self, usage: Usage) -> bytes:
        """``response.completed``."""
        return self._leave() + self._event("response.completed", response=self._completed(usage))

    def broken(self, message: str) -> bytes:
        """``response.failed``."""
        error = {"code": "server_is_overloaded", "message": message}
        response = {**self._head, "status": "failed", "output": self._items, "usage": None, "error": error}
        return self._event("response.failed", response=response)

    def whole(self, usage: Usage) -> JsonObject:
        """A response."""
        self._leave()
        return self._completed(usage)

    def _completed(self, usage: Usage) -> JsonObject:
        return {**self._head, "status": "completed", "output": self._items, "usage": _usage(usage)}

    def _enter(self, kind: Literal["message", "reasoning"]) -> bytes:
        if self._open == kind:
            return b""
        head = self._leave()
        self._open, self._text, self._id = kind, "", new_id("msg_" if kind == "message" else "rs_")
        begun = self._event("response.output_item.added", output_index=len(self._items), item=self._item("in_progress"))
        return head + begun + self._part_event(f"response.{_PARTS[kind]}.added", part=self._part())

    def _leave(self) -> bytes:
        if not self._open:
            return b""
        kind, item = self._open, self._item("completed")
        body = self._part_event(_DONE[kind], text=self._text, **({"logprobs": []} if kind == "message" else {}))
        body += self._part_event(f"response.{_PARTS[kind]}.done", part=self._part())
        self._open = ""
        return body + self._done(item)

    def _done(self, item: JsonObject) -> bytes:
        self._items.append(item)
        return self._event("response.output_item.done", output_index=len(self._items) - 1, item=item)

    def _item(self, status: str) -> JsonObject:
        content = [self._part()] if status == "completed" else []
        if self._open == "message":
            return {"id": self._id, "type": "message", "role": "assistant", "status": status, "content": content}
        return {"id": self._id, "type": "reasoning", "summary": content, "encrypted_content": "c2VhbGVk"}

    def _part(self) -> JsonObject:
        if self._open == "message":
            return {"type": "output_text", "text": self._text, "annotations": [], "logprobs": []}
        return {"type": "summary_text", "text": self._text}

    def _part_event(self, kind: str, **fields: object) -> bytes:
        index = "content_index" if self._open == "message" else "summary_index"
        return self._event(kind, item_id=self._id, output_index=len(self._items), **{index: 0}, **fields)

    def _event(self, kind: str, **fields: object) -> bytes:
        self._number += 1
        return event({"type": kind, "sequence_number": self._number, **fields}, kind)


_PARTS = {"message": "content_part", "reasoning": "reasoning_summary_part"}
_DONE = {"message": "response.output_text.done", "reasoning": "response.reasoning_summary_text.done"}


def _usage(usage: Usage) -> JsonObject:
    given, made = usage.input or 0, usage.output or 0
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": given + made,
    }
