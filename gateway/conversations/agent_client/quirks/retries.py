"""Codex asks its model again when a connection breaks, and tells the answer again from its beginning.

``_meta.codex.error.willRetry`` of a ``session_info_update`` says so; what was said of the answer then comes again under
another ``messageId``. What is the same is left out, so that the answer goes on where it broke off. Where the model says
something else than before, all of it is passed on: what was said stays said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.conversations.updates import Said, Thought, ToolTold, Update


@dataclass(slots=True)
class _Run:
    """Words of one kind since the last tool. ``pieces`` because a long answer has many."""

    pieces: list[str] = field(default_factory=list)
    before: str = ""
    """What may come again."""
    place: int = 0
    """How much of it has."""

    def again(self) -> None:
        """The answer begins anew."""
        self.before, self.place = "".join(self.pieces), 0
        self.pieces = [self.before]

    def rest(self, text: str) -> str | None:
        """What of ``text`` is new; None where it is not what was said before."""
        known = self.before[self.place : self.place + len(text)]
        if not text.startswith(known):
            return None
        self.place += len(known)
        more = text[len(known) :]
        if more:
            self.pieces.append(more)
        return more


class Retries:
    """Leaves out what is told again."""

    def __init__(self) -> None:
        self._said = _Run()
        self._thought = _Run()
        self._again = False

    def begin(self) -> None:
        """Another turn begins, or another answer in it."""
        self._said, self._thought, self._again = _Run(), _Run(), False

    def note(self, meta: Mapping[str, object] | None) -> None:
        """Look at the ``_meta`` of an update."""
        codex = (meta or {}).get("codex")
        error = codex.get("error") if isinstance(codex, Mapping) else None
        if isinstance(error, Mapping) and error.get("willRetry") is True:
            self._said.again()
            self._thought.again()
            self._again = True

    def apart(self, updates: Iterable[Update], message_id: str | None) -> Iterator[Update]:
        """The updates without what was said before. What has no ``messageId`` is no part of an answer."""
        for update in updates:
            if isinstance(update, ToolTold):
                self.begin()
            if isinstance(update, Said | Thought) and message_id is not None:
                yield from self._words(update)
            else:
                yield update

    def _words(self, update: Said | Thought) -> Iterator[Update]:
        run = self._said if isinstance(update, Said) else self._thought
        if not self._again:
            run.pieces.append(update.text)
            yield update
            return
        begun = run.place
        rest = run.rest(update.text)
        # Thoughts that are new would stand between the two halves of an answer.
        if rest is None or (rest and isinstance(update, Thought) and self._said.before):
            yield self._otherwise(update, run.before[:begun] + update.text)
        elif rest:
            yield type(update)(rest)

    def _otherwise(self, update: Said | Thought, text: str) -> Update:
        """It says something else: from here on all of it is passed on, what was left out first."""
        follows = isinstance(update, Said) and bool(self._said.before)
        self.begin()
        (self._said if isinstance(update, Said) else self._thought).pieces.append(text)
        return type(update)(f"\n\n{text}" if follows else text)
