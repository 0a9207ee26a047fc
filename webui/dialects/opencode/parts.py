"""From parts of messages to what the OpenCode API calls them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final, assert_never

from pydantic import JsonValue, TypeAdapter, ValidationError

from gateway.conversations.parts import (
    AnyPart,
    DiffPart,
    FilePart,
    PlanPart,
    ReasoningPart,
    TextPart,
    ToolPart,
    ToolState,
)
from gateway.conversations.types import Message
from webui.dialects.opencode import shapes
from webui.dialects.opencode.names import milliseconds, session_name

_INPUT: Final = TypeAdapter(dict[str, JsonValue])


def part_of(part: AnyPart, message: Message) -> shapes.Part | None:
    """A part; None for a plan, which the OpenCode API keeps beside the messages."""
    base = shapes.Part(id=part.id, sessionID=session_name(message.conversation_id), messageID=message.id, type="text")
    match part:
        case TextPart():
            base["text"] = part.text
        case ReasoningPart():
            base |= {"type": "reasoning", "text": part.text, "time": _span(message.created_at, message.completed_at)}
        case ToolPart():
            base |= {"type": "tool", "callID": part.call_id, "tool": part.name, "state": _tool_state(part, message)}
        case DiffPart():
            base |= {"type": "patch", "hash": part.id.removeprefix("prt_"), "files": [part.path]}
        case FilePart():
            url = f"file://{part.path}" if part.path else f"attachment:{part.attachment}"
            base |= {"type": "file", "mime": part.mime, "filename": part.name, "url": url}
        case PlanPart():
            return None
        case _:
            assert_never(part)
    return base


def _tool_state(part: ToolPart, message: Message) -> shapes.ToolState:
    arguments = arguments_of(part.input)
    started = part.started_at or message.created_at
    match part.state:
        case ToolState.PENDING:
            return shapes.ToolState(status="pending", input=arguments, raw=part.input)
        case ToolState.RUNNING | ToolState.WAITING:
            return shapes.ToolState(
                status="running",
                input=arguments,
                title=part.title,
                metadata={"output": part.output},
                time=_span(started, None),
            )
        case ToolState.COMPLETED:
            return shapes.ToolState(
                status="completed",
                input=arguments,
                output=part.output,
                title=part.title,
                metadata={},
                time=_span(started, part.ended_at or started),
            )
        case ToolState.FAILED | ToolState.CANCELLED:
            reason = part.output or ("It was stopped." if part.state is ToolState.CANCELLED else "It failed.")
            return shapes.ToolState(
                status="error", input=arguments, error=reason, time=_span(started, part.ended_at or started)
            )
        case _:
            assert_never(part.state)


def arguments_of(text: str) -> dict[str, JsonValue]:
    """A tool's input as an object, whatever the agent sent."""
    if not text:
        return {}
    try:
        return _INPUT.validate_json(text)
    except ValidationError:
        try:
            value: JsonValue = json.loads(text)
        except ValueError:
            value = text
        return {"value": value}


def _span(start: datetime, end: datetime | None) -> shapes.Times:
    span = shapes.Times(start=milliseconds(start))
    if end is not None:
        span["end"] = milliseconds(end)
    return span
