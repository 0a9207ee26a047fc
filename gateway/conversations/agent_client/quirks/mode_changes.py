"""Some say a change of their mode as a message chunk of its own: it is no part of what was said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.conversations.updates import Said, Update

_CHANGE: Final = re.compile(r"\[MODE_UPDATE\] \w+\s*")


def without_mode_changes(updates: Iterable[Update]) -> Iterator[Update]:
    """The updates without those that are a change of mode."""
    for update in updates:
        if not (isinstance(update, Said) and _CHANGE.fullmatch(update.text)):
            yield update
