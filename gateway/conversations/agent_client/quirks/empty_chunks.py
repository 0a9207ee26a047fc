"""Some send message chunks without text: nothing is said, and no part begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.conversations.updates import Said, Thought, Update


def without_empty(updates: Iterable[Update]) -> Iterator[Update]:
    """The updates that say something."""
    for update in updates:
        if not (isinstance(update, Said | Thought) and not update.text):
            yield update
