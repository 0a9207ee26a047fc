"""Anthropic's Messages API (platform.claude.com/docs: Messages, Streaming messages, Errors)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from tests.doubles.model_server.encoder import SSE, JsonObject, cut_in_pieces, event, new_id
from tests.doubles.model_server.request import ApiName, Incoming, ModelRequest, Schema, Seen, Tool
from tests.doubles.model_server.script import Call, Refuse, Usage

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class _Block(Incoming):
    type: str
    text: str = ""
    content: str | list[_Block] | None = None


class _Message(Incoming):
    role: str
    content: str | list[_Block]


class _Tool(Incoming):
    name: str
    input_schema: Schema = Schema()


class _Wanted(Incoming):
    format: JsonObject | None = None


class _Body(Incoming):
    model: str
    messages: list[_Message]
    system: str | list[_Block] = ""
    stream: bool = False
    tools: tuple[_Tool, ...] = ()
    output_config: _Wanted | None = None


class AnthropicMessages:
    """POST /v1/messages."""

    name: ApiName = "anthropic"

    def read(self, path: Mapping[str, str], query: Mapping[str, str], body: bytes) -> ModelRequest:
        """The request of a body."""
        read = _Body.model_validate_json(body)
        return ModelRequest(
            api=self.name,
            model=read.model,
            system=_text(read.system),
            history=[seen for message in read.messages for seen in _seen(message)],
            tools=[Tool(tool.name, tool.input_schema) for tool in read.tools],
            streaming=read.stream,
            schema=_schema(read.output_config),
        )

    def encoder(self, request: ModelRequest) -> AnthropicEncoder:
        """One for this model."""
        return AnthropicEncoder(request.model)

    def refusal(self, refuse: Refuse) -> JsonObject:
        """The error object."""
        return _error(_ERRORS.get(refuse.status, "api_error"), refuse.message)


def _error(kind: str, message: str) -> JsonObject:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": new_id("req_")}


def _schema(wanted: _Wanted | None) -> Schema | None:
    inner = wanted.format.get("schema") if wanted and wanted.format else None
    return Schema.model_validate(inner) if inner is not None else None


def _text(content: str | list[_Block]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block.text for block in content if block.type == "text")


def _seen(message: _Message) -> Iterator[Seen]:
    if message.role == "assistant":
        yield Seen("model", _text(message.content))
        return
    if isinstance(message.content, list):
        for block in message.content:
            if block.type == "tool_result":
                yield Seen("tool", _text(block.content or ""))
    # What the program adds for the model is no word of the person.
    said = _REMINDER.sub("", _text(message.content)).strip()
    if said:
        yield Seen("user", said)


class AnthropicEncoder:
    """Blocks with their start, deltas and stop."""

    content_type = SSE

    def __init__(self, model: str) -> None:
        self._head: JsonObject = {"id": new_id("msg_"), "type": "message", "role": "assistant", "model": model}
        self._blocks: list[JsonObject] = []
        self._open = ""

    def begin(self, usage: Usage) -> bytes:
        """``message_start`` and a ping."""
        start = {**self._head, "content": [], "stop_reason": None, "stop_sequence": None}
        first = _usage(Usage(usage.input, 1, usage.cached))
        return self._event("message_start", message={**start, "usage": first}) + self._event("ping")

    def text(self, delta: str) -> bytes:
        """A ``text_delta``."""
        return self._in_block("text", "text", delta)

    def reasoning(self, delta: str) -> bytes:
        """A ``thinking_delta``."""
        return self._in_block("thinking", "thinking", delta)

    def call(self, call: Call) -> bytes:
        """A ``tool_use`` block, its input in ``input_json_delta``."""
        block: JsonObject = {"type": "tool_use", "id": new_id("toolu_"), "name": call.name, "input": {}}
        head = self._start(block)
        deltas = [
            self._delta({"type": "input_json_delta", "partial_json": piece})
            for piece in cut_in_pieces(json.dumps(call.arguments))
        ]
        block["input"] = dict(call.arguments)
        return head + b"".join(deltas)

    def end(self, usage: Usage) -> bytes:
        """``message_delta`` with the reason and the usage, and ``message_stop``."""
        delta = {"stop_reason": self._reason(), "stop_sequence": None}
        return (
            self._stop() + self._event("message_delta", delta=delta, usage=_usage(usage)) + self._event("message_stop")
        )

    def broken(self, message: str) -> bytes:
        """An ``error`` event."""
        return event(_error("overloaded_error", message), "error")

    def whole(self, usage: Usage) -> JsonObject:
        """A message."""
        self._stop()
        end = {"stop_reason": self._reason(), "stop_sequence": None, "usage": _usage(usage)}
        return {**self._head, "content": self._blocks, **end}

    def _reason(self) -> str:
        return "tool_use" if any(block["type"] == "tool_use" for block in self._blocks) else "end_turn"

    def _in_block(self, kind: str, key: str, delta: str) -> bytes:
        head = b""
        if self._open != kind:
            signature = {"signature": ""} if kind == "thinking" else {}
            head = self._start({"type": kind, key: "", **signature})
        block = self._blocks[-1]
        block[key] = f"{block[key]}{delta}"
        return head + self._delta({"type": f"{key}_delta", key: delta})

    def _start(self, block: JsonObject) -> bytes:
        stop = self._stop()
        self._blocks.append(block)
        self._open = str(block["type"])
        return stop + self._event("content_block_start", index=len(self._blocks) - 1, content_block=dict(block))

    def _stop(self) -> bytes:
        if not self._open:
            return b""
        sign = b""
        if self._open == "thinking":
            self._blocks[-1]["signature"] = "c2lnbmVk"
            sign = self._delta({"type": "signature_delta", "signature": "c2lnbmVk"})
        self._open = ""
        return sign + self._event("content_block_stop", index=len(self._blocks) - 1)

    def _delta(self, delta: JsonObject) -> bytes:
        return self._event("content_block_delta", index=len(self._blocks) - 1, delta=delta)

    def _event(self, kind: str, **fields: object) -> bytes:
        return event({"type": kind, **fields}, kind)


def _usage(usage: Usage) -> JsonObject:
    return {
        "input_tokens": max((usage.input or 0) - usage.cached, 0),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output or 0,
    }
