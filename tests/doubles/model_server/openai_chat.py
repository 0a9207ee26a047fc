"""OpenAI's Chat Completions API (platform.openai.com/docs/api-reference: Chat, Streaming).

Reasoning goes into ``reasoning_content``, which is no part of OpenAI's own API but of the many that are compatible.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping

from tests.doubles.model_server.encoder import SSE, JsonObject, cut_in_pieces, event, new_id
from tests.doubles.model_server.openai_errors import error_object
from tests.doubles.model_server.request import ApiName, Incoming, ModelRequest, Role, Schema, Seen, Tool
from tests.doubles.model_server.script import Call, Refuse, Usage

_SYSTEM = ("system", "developer")
_ROLES: dict[str, Role] = {"user": "user", "assistant": "model", "tool": "tool"}


class _Content(Incoming):
    type: str
    text: str = ""


class _Message(Incoming):
    role: str
    content: str | list[_Content] | None = None


class _Function(Incoming):
    name: str
    parameters: Schema = Schema()


class _Tool(Incoming):
    type: str
    function: _Function


class _Format(Incoming):
    type: str = "text"
    json_schema: JsonObject | None = None


class _Options(Incoming):
    include_usage: bool = False


class _Body(Incoming):
    model: str
    messages: list[_Message]
    stream: bool = False
    tools: tuple[_Tool, ...] = ()
    response_format: _Format | None = None
    stream_options: _Options = _Options()


class OpenaiChat:
    """POST /v1/chat/completions."""

    name: ApiName = "chat"

    def read(self, path: Mapping[str, str], query: Mapping[str, str], body: bytes) -> ModelRequest:
        """The request of a body."""
        read = _Body.model_validate_json(body)
        wanted = read.response_format.json_schema if read.response_format else None
        return ModelRequest(
            api=self.name,
            model=read.model,
            system="\n".join(_text(one) for one in read.messages if one.role in _SYSTEM),
            history=[seen for message in read.messages for seen in _seen(message)],
            tools=[Tool(tool.function.name, tool.function.parameters) for tool in read.tools],
            streaming=read.stream,
            schema=Schema.model_validate(wanted.get("schema")) if wanted else None,
            tells_usage=read.stream_options.include_usage,
        )

    def encoder(self, request: ModelRequest) -> ChatEncoder:
        """One for this model."""
        return ChatEncoder(request.model, request.tells_usage)

    def refusal(self, refuse: Refuse) -> JsonObject:
        """The error object."""
        return error_object(refuse)


def _text(message: _Message) -> str:
    if isinstance(message.content, list):
        return "\n".join(part.text for part in message.content)
    return message.content or ""


def _seen(message: _Message) -> Iterator[Seen]:
    role = _ROLES.get(message.role)
    if role is not None:
        yield Seen(role, _text(message))


class ChatEncoder:
    """Chunks of one choice."""

    content_type = SSE

    def __init__(self, model: str, tells_usage: bool) -> None:
        self._tells_usage = tells_usage
        self._head: JsonObject = {"id": new_id("chatcmpl-"), "created": int(time.time()), "model": model}
        self._texts = {"content": "", "reasoning_content": ""}
        self._calls: list[JsonObject] = []

    def begin(self, usage: Usage) -> bytes:
        """The chunk with the role."""
        return self._chunk({"role": "assistant", "content": ""})

    def text(self, delta: str) -> bytes:
        """A chunk of content."""
        return self._piece("content", delta)

    def reasoning(self, delta: str) -> bytes:
        """A chunk of reasoning."""
        return self._piece("reasoning_content", delta)

    def call(self, call: Call) -> bytes:
        """A tool call: its name first, its arguments in pieces."""
        index, arguments = len(self._calls), json.dumps(call.arguments)
        head: JsonObject = {"id": new_id("call_"), "type": "function"}
        self._calls.append({**head, "function": {"name": call.name, "arguments": arguments}})
        first = {"index": index, **head, "function": {"name": call.name, "arguments": ""}}
        rest = ({"index": index, "function": {"arguments": piece}} for piece in cut_in_pieces(arguments))
        return b"".join(self._chunk({"tool_calls": [one]}) for one in (first, *rest))

    def end(self, usage: Usage) -> bytes:
        """The reason, the usage where it was asked for, and the end mark."""
        last = self._data(choices=[], usage=_usage(usage)) if self._tells_usage else b""
        return self._chunk({}, self._reason()) + last + b"data: [DONE]\n\n"

    def broken(self, message: str) -> bytes:
        """An error object in place of a chunk."""
        return event({"error": {"message": message, "type": "server_error", "param": None, "code": None}})

    def whole(self, usage: Usage) -> JsonObject:
        """A completion."""
        calls = {"tool_calls": self._calls} if self._calls else {}
        message = {"role": "assistant", "content": self._texts["content"], "refusal": None, **calls}
        choice = {"index": 0, "message": message, "finish_reason": self._reason(), "logprobs": None}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": _usage(usage)}

    def _reason(self) -> str:
        return "tool_calls" if self._calls else "stop"

    def _piece(self, key: str, delta: str) -> bytes:
        self._texts[key] += delta
        return self._chunk({key: delta})

    def _chunk(self, delta: Mapping[str, object], reason: str | None = None) -> bytes:
        return self._data(choices=[{"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}])

    def _data(self, **fields: object) -> bytes:
        return event({**self._head, "object": "chat.completion.chunk", **fields})


def _usage(usage: Usage) -> JsonObject:
    given, made = usage.input or 0, usage.output or 0
    return {
        "prompt_tokens": given,
        "completion_tokens": made,
        "total_tokens": given + made,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }
