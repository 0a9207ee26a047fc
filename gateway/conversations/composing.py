"""An answer while it grows: updates go in, parts and events come out. No I/O.

Text that grows is kept in pieces and put together only when somebody asks, so that a chunk costs the same at the end of
a long answer as at its beginning.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.conversations.parts import (
    MAX_TEXT,
    AnyPart,
    DiffPart,
    PlanPart,
    ReasoningPart,
    TextPart,
    ToolPart,
    ToolState,
)
from gateway.conversations.texts import CUT, bounded
from gateway.conversations.updates import FileDiff, Planned, Said, Thought, ToolTold
from protocol.problems import Problem, ProblemCode

MAX_PARTS: Final = 5_000
MAX_MESSAGE: Final = 16 * MAX_TEXT
"""Characters of one answer with all its tools' output."""
MAX_DIFF: Final = MAX_TEXT
_ENDED: Final = frozenset({ToolState.COMPLETED, ToolState.FAILED, ToolState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Grown:
    """Text was put after that of a part."""

    part_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A part is new, or another one than before."""

    index: int
    part: AnyPart


Change = Grown | Placed


@dataclass(slots=True)
class _Slot:
    """A part, and what was put after its text since it was last whole."""

    part: AnyPart
    more: list[str] = field(default_factory=list)
    length: int = 0

    def whole(self) -> AnyPart:
        if self.more:
            more = "".join(self.more)
            self.more.clear()
            if isinstance(self.part, TextPart | ReasoningPart):
                self.part = self.part.model_copy(update={"text": self.part.text + more})
            elif isinstance(self.part, ToolPart):
                self.part = self.part.model_copy(update={"output": self.part.output + more})
        return self.part


class Composer:
    """Builds the parts of one answer."""

    def __init__(self, folder: Path, new_id: Callable[[], str], now: Callable[[], datetime]) -> None:
        self._folder = str(folder)
        self._new_id = new_id
        self._now = now
        self._slots: list[_Slot] = []
        self._tools: dict[str, int] = {}
        self._diffs: dict[tuple[str, str], int] = {}
        self._raw: set[str] = set()
        """Calls whose output is raw."""
        self._plan: int | None = None
        self._dirty: set[int] = set()
        self._length = 0

    def parts(self) -> tuple[AnyPart, ...]:
        """Every part as it stands."""
        return tuple(slot.whole() for slot in self._slots)

    def take_changed(self) -> dict[int, AnyPart]:
        """The parts that are new or others since the last call, by their place."""
        changed = {index: self._slots[index].whole() for index in sorted(self._dirty)}
        self._dirty.clear()
        return changed

    def put_back(self, changed: dict[int, AnyPart]) -> None:
        """Parts that could not be written after all."""
        self._dirty.update(changed)

    def tool(self, call_id: str) -> ToolPart | None:
        """A tool call as it stands."""
        index = self._tools.get(call_id)
        part = None if index is None else self._slots[index].whole()
        return part if isinstance(part, ToolPart) else None

    @property
    def tool_runs(self) -> bool:
        """Whether a tool is at work, which may be silent for long."""
        return any(part.state is ToolState.RUNNING for part in map(self.tool, self._tools) if part is not None)

    def add(self, update: Said | Thought | ToolTold | Planned) -> list[Change]:
        """Take an update. Raises :class:`Problem` RUNAWAY_OUTPUT when the answer outgrows every bound."""
        if len(self._slots) > MAX_PARTS or self._length > MAX_MESSAGE:
            raise Problem(
                ProblemCode.RUNAWAY_OUTPUT,
                "The agent wrote more than an answer can hold and was stopped. Ask for less at once.",
            )
        match update:
            case Said(text=text):
                return self._say(TextPart, text)
            case Thought(text=text):
                return self._say(ReasoningPart, text)
            case Planned():
                return [self._put_plan(update)]
            case ToolTold():
                return list(self._put_tool(update))

    def end(self, state: ToolState) -> list[Change]:
        """No update comes any more: tools that have not ended get ``state``."""
        changes: list[Change] = []
        for call_id, index in self._tools.items():
            part = self.tool(call_id)
            if part is not None and part.state not in _ENDED:
                ended = part.model_copy(update={"state": state, "ended_at": self._now()})
                changes.append(self._replace(index, ended))
        return changes

    def _say(self, kind: type[TextPart] | type[ReasoningPart], text: str) -> list[Change]:
        if not text:
            return []
        if not self._slots or not isinstance(self._slots[-1].part, kind):
            first = bounded(text)
            return [self._place(kind(id=self._new_id(), text=first), len(first))]
        return self._grow(len(self._slots) - 1, text)

    def _grow(self, index: int, text: str) -> list[Change]:
        slot = self._slots[index]
        # What is cut counts too: who floods is stopped, however little of it is kept.
        self._length += len(text)
        if slot.length >= MAX_TEXT:
            return []
        more = text.replace("\x00", "\ufffd")
        room = MAX_TEXT - len(CUT) - slot.length
        if len(more) > room:
            more = more[: max(0, room)] + CUT
            slot.length = MAX_TEXT
        slot.length += len(more)
        slot.more.append(more)
        self._dirty.add(index)
        return [Grown(slot.part.id, more)]

    def _put_plan(self, update: Planned) -> Change:
        self._length += sum(len(entry.content) for entry in update.entries)
        if self._plan is None:
            self._plan = len(self._slots)
            return self._place(PlanPart(id=self._new_id(), entries=update.entries), 0)
        return self._replace(self._plan, PlanPart(id=self._slots[self._plan].part.id, entries=update.entries))

    def _put_tool(self, told: ToolTold) -> Iterator[Change]:
        told = self._with_best_output(told)
        index = self._tools.get(told.call_id)
        before = self.tool(told.call_id)
        if index is None or before is None:
            self._tools[told.call_id] = len(self._slots)
            yield self._place(self._merged(self._first(told), told), len(told.output or ""))
        else:
            more = _growth(before.output, told.output)
            after = self._merged(before, replace(told, output=None) if more is not None else told)
            if after != before:
                # What replaces something counts as much as what is added: both are told of and kept for a while.
                self._length += len(after.output) if more is None else 0
                self._length += len(after.input) if after.input != before.input else 0
                yield self._replace(index, after)
            if more:
                yield from self._grow(index, more)
        if told.more_output:
            yield from self._grow(self._tools[told.call_id], told.more_output)
        for diff in told.diffs or ():
            yield from self._put_diff(told.call_id, diff)

    def _with_best_output(self, told: ToolTold) -> ToolTold:
        """With the raw output where nothing else was told, and without it as soon as something else is."""
        before = self.tool(told.call_id)
        said = told.output is not None or bool(told.more_output)
        if said and told.call_id in self._raw:
            self._raw.discard(told.call_id)
            return replace(told, output=told.output or "")
        if said or told.raw_output is None:
            return told
        if before is not None and before.output and told.call_id not in self._raw:
            return told
        self._raw.add(told.call_id)
        return replace(told, output=told.raw_output)

    def _first(self, told: ToolTold) -> ToolPart:
        kind = told.kind.value if told.kind else "other"
        return ToolPart(
            id=self._new_id(),
            call_id=told.call_id,
            name=told.name or kind,
            title=told.title or told.name or kind,
            started_at=self._now(),
        )

    def _merged(self, before: ToolPart, told: ToolTold) -> ToolPart:
        wanted: dict[str, object] = {
            "name": told.name,
            "title": told.title or None,
            "tool_kind": told.kind,
            "state": told.state,
            "input": None if told.input is None else bounded(told.input, MAX_TEXT // 4),
            "output": None if told.output is None else bounded(told.output),
            "paths": None if told.paths is None else tuple(self._relative(path) for path in told.paths),
        }
        update = {name: value for name, value in wanted.items() if value is not None}
        if told.state in _ENDED and before.ended_at is None:
            update["ended_at"] = self._now()
        return before.model_copy(update=update)

    def _put_diff(self, call_id: str, diff: FileDiff) -> Iterator[Change]:
        path = self._relative(diff.path)
        new, old = bounded(diff.new, MAX_DIFF), None if diff.old is None else bounded(diff.old, MAX_DIFF)
        index = self._diffs.get((call_id, path))
        if index is None:
            self._diffs[call_id, path] = len(self._slots)
            part = DiffPart(id=self._new_id(), call_id=call_id, path=path, old=old, new=new)
            yield self._place(part, len(new) + len(old or ""))
            return
        part = DiffPart(id=self._slots[index].part.id, call_id=call_id, path=path, old=old, new=new)
        if part != self._slots[index].part:
            self._length += len(new)
            yield self._replace(index, part)

    def _relative(self, path: str) -> str:
        """Below the folder where it is there, else as it is."""
        if path == self._folder or not path.startswith("/"):
            return path
        inside = os.path.normpath(path)
        return inside.removeprefix(f"{self._folder}/")

    def _place(self, part: AnyPart, length: int) -> Placed:
        self._slots.append(_Slot(part, length=length))
        self._length += length
        index = len(self._slots) - 1
        self._dirty.add(index)
        return Placed(index, part)

    def _replace(self, index: int, part: AnyPart) -> Placed:
        slot = self._slots[index]
        slot.whole()
        slot.part = part
        if isinstance(part, ToolPart):
            slot.length = len(part.output)
        self._dirty.add(index)
        return Placed(index, part)


def _growth(before: str, after: str | None) -> str | None:
    """What was put after an output that is told whole again and again; None where it is another one."""
    if after is None:
        return ""
    return after[len(before) :] if after.startswith(before) and len(after) <= MAX_TEXT else None
