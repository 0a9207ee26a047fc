"""What each API brings: reading a request, and writing the pieces of an answer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Protocol

from tests.doubles.model_server.request import ApiName, ModelRequest
from tests.doubles.model_server.script import Call, Refuse, Usage

JsonObject = dict[str, object]
SSE = "text/event-stream"
JSON = "application/json"


class Encoder(Protocol):
    """Writes one answer. Each method gives the bytes to send now; the whole is kept for an answer without a stream."""

    content_type: str

    def begin(self, usage: Usage) -> bytes:
        """Before the first piece."""

    def text(self, delta: str) -> bytes:
        """A piece of text."""

    def reasoning(self, delta: str) -> bytes:
        """A piece of reasoning."""

    def call(self, call: Call) -> bytes:
        """A whole call of a tool."""

    def end(self, usage: Usage) -> bytes:
        """After the last piece."""

    def broken(self, message: str) -> bytes:
        """An error in the middle."""

    def whole(self, usage: Usage) -> JsonObject:
        """The same answer as one body."""


class Api(Protocol):
    """One API."""

    name: ApiName

    def read(self, path: Mapping[str, str], query: Mapping[str, str], body: bytes) -> ModelRequest:
        """What a body asks for. Raises pydantic's ValidationError."""

    def encoder(self, request: ModelRequest) -> Encoder:
        """A fresh one for an answer."""

    def refusal(self, refuse: Refuse) -> JsonObject:
        """The body of an HTTP error."""


def event(data: object, name: str | None = None) -> bytes:
    """One server-sent event (WHATWG HTML, 9.2)."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def new_id(prefix: str) -> str:
    """An id as the APIs make them."""
    return f"{prefix}{uuid.uuid4().hex[:24]}"


def cut_in_pieces(text: str, size: int = 16) -> Iterable[str]:
    """A text in pieces, as arguments of tools are streamed."""
    return (text[at : at + size] for at in range(0, len(text), size))
