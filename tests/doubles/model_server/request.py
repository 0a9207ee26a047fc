"""A request to a model in words that all the APIs share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict

ApiName = Literal["anthropic", "responses", "chat", "gemini"]
Role = Literal["user", "model", "tool"]
_SUGGESTION = "[SUGGESTION MODE"


class Incoming(BaseModel):
    """Base of what clients send: fields that are not read here are let pass."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Schema(Incoming):
    """A JSON schema as far as it matters here: the names in an object."""

    type: str | list[str] | None = None
    properties: dict[str, Schema] = {}
    required: list[str] = []


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool the model may call. ``free`` tools take plain text in place of JSON arguments."""

    name: str
    parameters: Schema
    free: bool = False
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One message of the history: who said it, and its text. Results of tools have the role ``tool``."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What a client asks for. ``schema`` is set where the answer has to be JSON of that shape."""

    api: ApiName
    model: str
    system: str
    history: Sequence[Seen]
    tools: Sequence[Tool]
    streaming: bool
    schema: Schema | None = None
    tells_usage: bool = True
    """Whether a stream ends with the usage; one API has to be asked for it."""

    @property
    def prompt(self) -> str:
        """What the person said last."""
        return next((seen.text for seen in reversed(self.history) if seen.role == "user"), "")

    @property
    def aside(self) -> bool:
        """Whether it is a question of the program's own, and no turn of a conversation.

        Requests for titles bring no tools, or they want JSON; Claude Code's request for what a person might type next
        is like a turn.
        """
        return not self.tools or self.schema is not None or self.prompt.startswith(_SUGGESTION)

    def tool(self, *names: str) -> Tool | None:
        """The first of the tools of these names that the client offers."""
        offered = {tool.name: tool for tool in self.tools}
        return next((offered[name] for name in names if name in offered), None)

    def rounds_after(self, place: int) -> int:
        """How many rounds of tool results came after a place in the history; calls made at once are one round."""
        roles: list[Role] = ["user", *(seen.role for seen in self.history[place + 1 :])]
        return sum(1 for before, now in pairwise(roles) if now == "tool" and before != "tool")
