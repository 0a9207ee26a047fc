"""The shapes of the OpenCode API, as ``@opencode-ai/sdk`` 1.19 declares them. Times are milliseconds since 1970."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from pydantic import JsonValue


class Times(TypedDict):
    """When something began and ended, or was made and changed."""

    created: NotRequired[int]
    updated: NotRequired[int]
    completed: NotRequired[int]
    archived: NotRequired[int]
    start: NotRequired[int]
    end: NotRequired[int]


class ModelName(TypedDict):
    """A model; the provider is the agent CLI that talks to it."""

    providerID: str
    modelID: str


class Session(TypedDict):
    """A conversation."""

    id: str
    slug: str
    projectID: str
    directory: str
    title: str
    version: str
    time: Times
    agent: NotRequired[str]
    parentID: NotRequired[str]


class Cache(TypedDict):
    """Tokens that a provider's cache gave and took."""

    read: int
    write: int


class Tokens(TypedDict):
    """What a message took."""

    input: int
    output: int
    reasoning: int
    cache: Cache


class Paths(TypedDict):
    """Where an agent works."""

    cwd: str
    root: str


class ErrorData(TypedDict):
    """The inside of an error."""

    message: str
    isRetryable: NotRequired[bool]
    statusCode: NotRequired[int]
    providerID: NotRequired[str]


class Failure(TypedDict):
    """An error, by the names of the SDK."""

    name: str
    data: ErrorData


class MessageInfo(TypedDict):
    """A message without its parts: of a person (``user``) or of an agent (``assistant``)."""

    id: str
    sessionID: str
    role: Literal["user", "assistant"]
    time: Times
    agent: str
    model: NotRequired[ModelName]
    parentID: NotRequired[str]
    modelID: NotRequired[str]
    providerID: NotRequired[str]
    mode: NotRequired[str]
    path: NotRequired[Paths]
    cost: NotRequired[float]
    tokens: NotRequired[Tokens]
    finish: NotRequired[str]
    error: NotRequired[Failure]


class ToolState(TypedDict):
    """How far a tool call is."""

    status: Literal["pending", "running", "completed", "error"]
    input: dict[str, JsonValue]
    raw: NotRequired[str]
    title: NotRequired[str]
    output: NotRequired[str]
    error: NotRequired[str]
    metadata: NotRequired[dict[str, JsonValue]]
    time: NotRequired[Times]


class Part(TypedDict):
    """A part of a message; which fields are there depends on ``type``."""

    id: str
    sessionID: str
    messageID: str
    type: Literal["text", "reasoning", "tool", "file", "patch"]
    text: NotRequired[str]
    time: NotRequired[Times]
    callID: NotRequired[str]
    tool: NotRequired[str]
    state: NotRequired[ToolState]
    mime: NotRequired[str]
    filename: NotRequired[str]
    url: NotRequired[str]
    hash: NotRequired[str]
    files: NotRequired[list[str]]


class MessageWithParts(TypedDict):
    """A whole message."""

    info: MessageInfo
    parts: list[Part]


class Status(TypedDict):
    """What a session is doing."""

    type: Literal["idle", "busy"]


class Todo(TypedDict):
    """A step of an agent's plan."""

    id: str
    content: str
    status: str
    priority: str


class ToolCall(TypedDict):
    """Which tool call a permission is asked for."""

    messageID: str
    callID: str


class PermissionRequest(TypedDict):
    """A question that waits for a person."""

    id: str
    sessionID: str
    permission: str
    patterns: list[str]
    metadata: dict[str, JsonValue]
    always: list[str]
    tool: NotRequired[ToolCall]


class FileDiff(TypedDict):
    """A change of one file."""

    file: str
    before: str
    after: str
    additions: int
    deletions: int


class FileNode(TypedDict):
    """A file or folder."""

    name: str
    path: str
    absolute: str
    type: Literal["file", "directory"]
    ignored: bool


class FileContent(TypedDict):
    """What is in a file."""

    type: Literal["text", "binary"]
    content: str
    encoding: NotRequired[Literal["base64"]]
    mimeType: NotRequired[str]


class Text(TypedDict):
    """Text in an object of its own, as ripgrep writes it."""

    text: str


class Submatch(TypedDict):
    """Where in a line."""

    match: Text
    start: int
    end: int


class Match(TypedDict):
    """A line that matches."""

    path: Text
    lines: Text
    line_number: int
    absolute_offset: int
    submatches: list[Submatch]


class Event(TypedDict):
    """What happened, as one event of the stream."""

    id: str
    type: str
    properties: dict[str, object]
