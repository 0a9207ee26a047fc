"""Some send warnings of the program as message chunks before the answer: they are no part of what was said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.conversations.updates import Said, Thought, Update

_WARNING: Final = re.compile(r"\s*(?:⚠|(?:\*\*)?warning\b)", re.IGNORECASE)


class Warnings:
    """Turns chunks that begin with a warning into thinking, until the answer begins."""

    def __init__(self) -> None:
        self._answering = False

    def begin(self) -> None:
        """Another turn begins."""
        self._answering = False

    def apart(self, updates: Iterable[Update]) -> Iterator[Update]:
        """The updates, with warnings as thoughts."""
        for update in updates:
            if isinstance(update, Said) and not self._answering and _WARNING.match(update.text):
                yield Thought(f"{update.text.strip()}\n")
                continue
            self._answering = self._answering or (isinstance(update, Said) and bool(update.text.strip()))
            yield update
