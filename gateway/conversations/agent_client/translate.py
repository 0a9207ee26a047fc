"""Updates of the protocol (agentclientprotocol.com, Session Updates) into our words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from gateway.agents.acp import Quirks
from gateway.conversations.agent_client.quirks.empty_chunks import without_empty
from gateway.conversations.agent_client.quirks.meta_output import with_meta_output
from gateway.conversations.agent_client.quirks.mode_changes import without_mode_changes
from gateway.conversations.agent_client.quirks.retries import Retries
from gateway.conversations.agent_client.quirks.system_errors import SystemErrors
from gateway.conversations.agent_client.quirks.warnings import Warnings
from gateway.conversations.parts import PlanEntry, ToolKind, ToolState
from gateway.conversations.texts import sound
from gateway.conversations.types import SlashCommand
from gateway.conversations.updates import (
    CommandsTold,
    ContextTold,
    FileDiff,
    Planned,
    Said,
    Thought,
    ToolTold,
    Update,
)

if TYPE_CHECKING:
    from acp import schema

_KINDS: Final = {kind.value: kind for kind in ToolKind}
_STATES: Final = {
    "pending": ToolState.PENDING,
    "in_progress": ToolState.RUNNING,
    "completed": ToolState.COMPLETED,
    "failed": ToolState.FAILED,
}
MAX_COMMANDS: Final = 500
_MAX_PLAN: Final = 500
_MAX_PATHS: Final = 100
_MAX_DIFFS: Final = 100


class Translator:
    """Updates of one CLI, with its quirks evened out."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._warnings = Warnings()
        self._errors = SystemErrors()
        self._retries = Retries()

    def begin(self) -> None:
        """Another turn begins."""
        self._warnings.begin()
        self._errors.begin()
        self._retries.begin()

    def updates(self, update: object) -> list[Update]:
        """What an update of the protocol says; nothing for those that say nothing to us."""
        meta = getattr(update, "field_meta", None)
        self._errors.note(meta)
        told: Iterator[Update] = self._errors.apart(self._told(update))
        if self._quirks.repeats_when_it_retries:
            self._retries.note(meta)
            told = self._retries.apart(told, getattr(update, "message_id", None))
        if self._quirks.drop_empty_chunks:
            told = without_empty(told)
        if self._quirks.mode_changes_as_messages:
            told = without_mode_changes(told)
        if self._quirks.warnings_as_messages:
            told = self._warnings.apart(told)
        return list(told)

    def tool(self, call: schema.ToolCall | schema.ToolCallUpdate) -> ToolTold:
        """A tool call, as updates and permission requests have it."""
        told = _tool(call)
        return with_meta_output(told, call.field_meta) if self._quirks.output_in_meta else told

    def _told(self, update: object) -> Iterator[Update]:
        handler = _HANDLERS.get(str(getattr(update, "session_update", "")))
        if handler is not None:
            yield from handler(self, update)

    def _tools(self, update: schema.ToolCallStart | schema.ToolCallProgress) -> Iterator[Update]:
        yield self.tool(update)


def _said(_: Translator, update: schema.AgentMessageChunk) -> Iterator[Update]:
    text = _text(update.content)
    if text is not None:
        yield Said(sound(text))


def _thought(_: Translator, update: schema.AgentThoughtChunk) -> Iterator[Update]:
    text = _text(update.content)
    if text is not None:
        yield Thought(sound(text))


def _planned(_: Translator, update: schema.AgentPlanUpdate) -> Iterator[Update]:
    yield Planned(
        tuple(
            PlanEntry(content=sound(entry.content)[:2000], priority=entry.priority, status=entry.status)
            for entry in update.entries[:_MAX_PLAN]
        )
    )


def _commands(_: Translator, update: schema.AvailableCommandsUpdate) -> Iterator[Update]:
    yield CommandsTold(
        tuple(
            SlashCommand(
                name=sound(command.name).lstrip("/")[:100],
                description=sound(command.description)[:1000],
                hint=None if command.input is None else sound(command.input.root.hint)[:500],
            )
            for command in update.available_commands[:MAX_COMMANDS]
        )
    )


def _context(_: Translator, update: schema.UsageUpdate) -> Iterator[Update]:
    dollars = update.cost is not None and update.cost.currency.upper() == "USD"
    yield ContextTold(update.used, update.size, update.cost.amount if update.cost is not None and dollars else None)


def _tool(call: schema.ToolCall | schema.ToolCallUpdate) -> ToolTold:
    content = call.content
    return ToolTold(
        call_id=call.tool_call_id[:200],
        name=_name(call.field_meta),
        title=None if call.title is None else sound(call.title)[:1000],
        kind=None if call.kind is None else _KINDS.get(call.kind, ToolKind.OTHER),
        state=None if call.status is None else _STATES[call.status],
        input=None if call.raw_input is None else _json(call.raw_input),
        output=_output(content),
        raw_output=None if call.raw_output is None else _raw_output(call.raw_output),
        paths=None if call.locations is None else tuple(sound(at.path) for at in call.locations[:_MAX_PATHS]),
        diffs=_diffs(content),
    )


def _output(content: Sequence[object] | None) -> str | None:
    """The text of a tool's content; None where it has none."""
    said = [_text(getattr(item, "content", None)) or "" for item in content or () if _type(item) == "content"]
    return sound("\n".join(said)) if any(said) else None


def _raw_output(raw: object) -> str:
    if isinstance(raw, Mapping):
        for name in ("formatted_output", "aggregated_output", "output", "stdout", "content"):
            if isinstance(raw.get(name), str):
                return sound(raw[name])
    return _json(raw)


def _diffs(content: Sequence[object] | None) -> tuple[FileDiff, ...] | None:
    found = [
        FileDiff(sound(item.path), None if item.old_text is None else sound(item.old_text), sound(item.new_text))
        for item in map(_any, content or ())
        if _type(item) == "diff"
    ]
    return tuple(found[:_MAX_DIFFS]) or None


def _text(block: object) -> str | None:
    """The words of a content block; what is not words is named."""
    one = _any(block)
    match _type(block):
        case "text":
            return str(one.text)
        case "resource_link":
            return f"[{one.name}]({one.uri})"
        case "resource":
            return str(getattr(one.resource, "text", one.resource.uri))
        case "image" | "audio" as kind:
            return f"[{kind}]"
    return None


def _name(meta: Mapping[str, Any] | None) -> str | None:
    """The tool's own name, where the CLI's ``_meta`` has one."""
    for value in (meta or {}).values():
        name = value.get("toolName") if isinstance(value, Mapping) else None
        if isinstance(name, str) and name:
            return sound(name)[:100]
    return None


def _json(value: object) -> str:
    if isinstance(value, str):
        return sound(value)
    return sound(json.dumps(value, ensure_ascii=False, default=str))


def _type(item: object) -> object:
    return getattr(item, "type", None)


def _any(item: object) -> Any:  # noqa: ANN401 (told apart by its type field, which the model has checked)
    return item


_HANDLERS: Final[Mapping[str, Callable[[Translator, Any], Iterator[Update]]]] = {
    "agent_message_chunk": _said,
    "agent_thought_chunk": _thought,
    "tool_call": Translator._tools,
    "tool_call_update": Translator._tools,
    "plan": _planned,
    "available_commands_update": _commands,
    "usage_update": _context,
}
