"""A whole conversation as a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pydantic import JsonValue, TypeAdapter

from gateway.conversations.parts import AnyPart, DiffPart, FilePart, PlanPart, ReasoningPart, TextPart, ToolPart
from gateway.conversations.types import Conversation, Message, Turn

_CONVERSATION: Final[TypeAdapter[Conversation]] = TypeAdapter(Conversation)
_TURNS: Final[TypeAdapter[list[Turn]]] = TypeAdapter(list[Turn])
_MESSAGES: Final[TypeAdapter[list[Message]]] = TypeAdapter(list[Message])
_WHOLE: Final[TypeAdapter[dict[str, JsonValue]]] = TypeAdapter(dict[str, JsonValue])


def as_json(conversation: Conversation, messages: Sequence[Message], turns: Sequence[Turn]) -> bytes:
    """All of it, in the shapes of the API."""
    whole: dict[str, JsonValue] = {
        "conversation": _CONVERSATION.dump_python(conversation, mode="json"),
        "messages": _MESSAGES.dump_python(list(messages), mode="json"),
        "turns": _TURNS.dump_python(list(turns), mode="json"),
    }
    return _WHOLE.dump_json(whole, indent=1)


def as_markdown(conversation: Conversation, messages: Sequence[Message]) -> bytes:
    """To be read by people."""
    lines = [f"# {conversation.title or 'Untitled'}", ""]
    lines += [f"{conversation.cli} in `{conversation.folder}`, {conversation.created_at:%Y-%m-%d %H:%M} UTC", ""]
    for message in messages:
        lines += [f"## {message.by or message.role}, {message.created_at:%Y-%m-%d %H:%M:%S}", ""]
        for part in message.parts:
            lines += [_shown(part), ""]
    return "\n".join(lines).encode()


def _shown(part: AnyPart) -> str:
    match part:
        case TextPart(text=text):
            return text
        case ReasoningPart(text=text):
            return "\n".join(f"> {line}" for line in text.splitlines())
        case ToolPart():
            return (
                f"**{part.title}** ({part.state.value})\n\n{_fenced(part.output)}"
                if part.output
                else f"**{part.title}**"
            )
        case DiffPart():
            return f"Changed `{part.path}`:\n\n{_fenced(part.new)}"
        case FilePart():
            return f"File: {part.path or part.name}"
        case PlanPart():
            return "\n".join(f"- [{'x' if e.status == 'completed' else ' '}] {e.content}" for e in part.entries)


def _fenced(text: str) -> str:
    """A code block that its own text cannot end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
