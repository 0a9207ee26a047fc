"""What the OpenCode API takes. Fields that mean nothing here are read over, as its own server reads over new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from foundation.web.models import NO_CONTROLS
from gateway.conversations.types import Reply
from webui.dialects.opencode.data_urls import SCHEME

MAX_TEXT = 1024 * 1024
MAX_PROMPT = 8 * 1024 * 1024
"""Bytes of a message with the files that come along in it: base64 takes four for three."""
MAX_ADDRESS = 8192
"""Characters of a ``file:`` URL."""
ModelName = Annotated[str, StringConstraints(max_length=200, pattern=NO_CONTROLS)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)


class ModelChoice(_Body):
    """A model by its provider, which here is the agent CLI; the newer SDK says ``id`` for the model."""

    providerID: str = Field(max_length=64)  # noqa: N815 - the name on the wire
    modelID: ModelName | None = None  # noqa: N815
    id: ModelName | None = None


class NewSession(_Body):
    """A session to be made."""

    title: str = Field(default="", max_length=200)
    parentID: str | None = Field(default=None, max_length=80)  # noqa: N815
    agent: str | None = Field(default=None, max_length=64)
    model: ModelChoice | None = None


class SessionChange(_Body):
    """Another title; an archive mark."""

    title: str | None = Field(default=None, max_length=200)
    time: dict[str, JsonValue] | None = None


class TextInput(_Body):
    """Words."""

    type: Literal["text"]
    text: str = Field(max_length=MAX_TEXT)
    ignored: bool = False


class FileInput(_Body):
    """A file: of the session's folder as a ``file:`` URL, or itself as a ``data:`` URL."""

    type: Literal["file"]
    url: str = Field(max_length=MAX_PROMPT, repr=False)
    mime: str = Field(default="", max_length=200)
    filename: str | None = Field(default=None, max_length=255)

    @property
    def is_data(self) -> bool:
        """Whether the file itself came along."""
        return self.url[: len(SCHEME)].lower() == SCHEME

    def path(self) -> Path | None:
        """The path of a ``file:`` URL; None for any other."""
        if len(self.url) > MAX_ADDRESS:
            return None
        parts = urlsplit(self.url)
        return Path(unquote(parts.path)) if parts.scheme == "file" and parts.netloc in ("", "localhost") else None


class AgentInput(_Body):
    """A mention of an agent, which is said to the CLI in words."""

    type: Literal["agent"]
    name: str = Field(max_length=64)


PartInput = Annotated[TextInput | FileInput | AgentInput, Field(discriminator="type")]


class Prompt(_Body):
    """A message to be sent."""

    parts: list[PartInput] = Field(min_length=1, max_length=100)
    messageID: str | None = Field(default=None, max_length=80)  # noqa: N815
    model: ModelChoice | None = None
    agent: str | None = Field(default=None, max_length=64)

    @property
    def text(self) -> str:
        """Everything in words."""
        words = []
        for part in self.parts:
            if isinstance(part, TextInput) and not part.ignored:
                words.append(part.text)
            elif isinstance(part, AgentInput):
                words.append(f"@{part.name}")
        return "\n\n".join(words)


class CommandInput(_Body):
    """A slash command to be sent."""

    command: str = Field(min_length=1, max_length=100)
    arguments: str = Field(default="", max_length=MAX_TEXT)


class PermissionReply(_Body):
    """An answer to a permission request; the older path says ``response``."""

    reply: Reply | None = None
    response: Reply | None = None


class SessionsQuery(_Body):
    """Which sessions."""

    directory: str | None = None
    workspace: str | None = None
    scope: str | None = None
    path: str | None = None
    roots: Literal["true", "false"] | None = None
    search: str = Field(default="", max_length=200)
    start: float | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class MessagesQuery(_Body):
    """How many messages, counted from the end."""

    directory: str | None = None
    workspace: str | None = None
    limit: int = Field(default=1000, ge=1, le=5000)
    before: str | None = None
