"""Google's Gemini API (ai.google.dev/api: generateContent, streamGenerateContent, countTokens; google.rpc.Status)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pydantic import AliasChoices, AliasGenerator, ConfigDict
from pydantic.alias_generators import to_camel

from tests.doubles.model_server.encoder import SSE, JsonObject, event, new_id
from tests.doubles.model_server.request import ApiName, Incoming, ModelRequest, Schema, Seen, Tool
from tests.doubles.model_server.script import Call, Refuse, Usage

_SIGNATURE = "c2lnbmVk"
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class _Either(Incoming):
    """JSON of protocol buffers: names in camel case or as they are (protobuf.dev, ProtoJSON)."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(to_camel(name), name))
    )


class _Part(_Either):
    text: str = ""
    thought: bool = False
    function_response: JsonObject | None = None


class _Content(_Either):
    role: str = "user"
    parts: tuple[_Part, ...] = ()


class _Declared(_Either):
    name: str
    parameters: Schema | None = None
    parameters_json_schema: Schema | None = None


class _Tool(_Either):
    function_declarations: tuple[_Declared, ...] = ()


class _Config(_Either):
    response_schema: Schema | None = None
    response_json_schema: Schema | None = None


class _Body(_Either):
    contents: list[_Content]
    system_instruction: _Content | None = None
    tools: tuple[_Tool, ...] = ()
    generation_config: _Config = _Config()


class Gemini:
    """POST /v1beta/models/MODEL:generateContent and :streamGenerateContent."""

    name: ApiName = "gemini"

    def read(self, path: Mapping[str, str], query: Mapping[str, str], body: bytes) -> ModelRequest:
        """The request of a body; model and method stand in the path."""
        read = _Body.model_validate_json(body)
        declared = [function for tool in read.tools for function in tool.function_declarations]
        return ModelRequest(
            api=self.name,
            model=path["model"],
            system=_text(read.system_instruction) if read.system_instruction else "",
            history=[seen for content in read.contents for seen in _seen(content)],
            tools=[Tool(one.name, one.parameters_json_schema or one.parameters or Schema()) for one in declared],
            streaming=path["method"] == "streamGenerateContent" and query.get("alt") == "sse",
            schema=read.generation_config.response_json_schema or read.generation_config.response_schema,
        )

    def encoder(self, request: ModelRequest) -> GeminiEncoder:
        """One for this model."""
        return GeminiEncoder(request.model)

    def refusal(self, refuse: Refuse) -> JsonObject:
        """A google.rpc.Status; a time to wait stands in a google.rpc.RetryInfo."""
        details: list[JsonObject] = []
        if refuse.retry_after is not None:
            kind = "type.googleapis.com/google.rpc.RetryInfo"
            details = [{"@type": kind, "retryDelay": f"{refuse.retry_after}s"}]
        return _error(refuse.status, refuse.message, details)


def _error(status: int, message: str, details: list[JsonObject]) -> JsonObject:
    word = _STATUS.get(status, "UNKNOWN")
    return {"error": {"code": status, "message": message, "status": word, "details": details}}


def _text(content: _Content) -> str:
    return "\n".join(part.text for part in content.parts if part.text and not part.thought)


def _seen(content: _Content) -> Iterator[Seen]:
    for part in content.parts:
        if part.function_response is not None:
            yield Seen("tool", json.dumps(part.function_response))
    text = _text(content)
    if content.role == "model":
        yield Seen("model", text)
    elif text:
        yield Seen("user", text)


class GeminiEncoder:
    """Chunks of one candidate; each tells the usage so far."""

    content_type = SSE

    def __init__(self, model: str) -> None:
        self._head: JsonObject = {"modelVersion": model, "responseId": new_id("")}
        self._parts: list[JsonObject] = []

    def begin(self, usage: Usage) -> bytes:
        """Nothing: a stream begins with its first piece."""
        return b""

    def text(self, delta: str) -> bytes:
        """A part with text."""
        return self._chunk({"text": delta})

    def reasoning(self, delta: str) -> bytes:
        """A part that is a thought."""
        return self._chunk({"text": delta, "thought": True})

    def call(self, call: Call) -> bytes:
        """A function call, whole and signed."""
        function = {"id": new_id(""), "name": call.name, "args": dict(call.arguments)}
        return self._chunk({"functionCall": function, "thoughtSignature": _SIGNATURE})

    def end(self, usage: Usage) -> bytes:
        """A chunk with the reason and the usage."""
        return event(self._body([{"text": ""}], "STOP") | {"usageMetadata": _usage(usage)})

    def broken(self, message: str) -> bytes:
        """An error object in place of a chunk."""
        return event(_error(503, message, []))

    def whole(self, usage: Usage) -> JsonObject:
        """A response."""
        return self._body(self._parts, "STOP") | {"usageMetadata": _usage(usage)}

    def _chunk(self, part: JsonObject) -> bytes:
        self._keep(part)
        return event(self._body([part], None))

    def _keep(self, part: JsonObject) -> None:
        last = self._parts[-1] if self._parts else {}
        if "text" in part and "text" in last and part.get("thought") == last.get("thought"):
            self._parts[-1] = {**last, "text": f"{last['text']}{part['text']}"}
        else:
            self._parts.append(part)

    def _body(self, parts: list[JsonObject], reason: str | None) -> JsonObject:
        ended = {"finishReason": reason} if reason else {}
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0, **ended}
        return {"candidates": [candidate], **self._head}


def _usage(usage: Usage) -> JsonObject:
    given, made = usage.input or 0, usage.output or 0
    return {
        "promptTokenCount": given,
        "candidatesTokenCount": made - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning,
        "cachedContentTokenCount": usage.cached,
        "totalTokenCount": given + made,
    }
