"""Codex calls a turn that failed ended, and tells the error as if it had been said: `_meta.codex` knows better.

A ``session_info_update`` whose ``_meta.codex.threadStatus.type`` is ``systemError`` comes first, the reason is the
message chunk after it, and the answer to the prompt is ``end_turn``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gateway.conversations.updates import FailureTold, Said, Update


class SystemErrors:
    """Turns what is said after a system error into the failure of the turn."""

    def __init__(self) -> None:
        self._failed = False

    def begin(self) -> None:
        """Another turn begins."""
        self._failed = False

    def note(self, meta: Mapping[str, object] | None) -> None:
        """Look at the ``_meta`` of an update."""
        codex = (meta or {}).get("codex")
        status = codex.get("threadStatus") if isinstance(codex, Mapping) else None
        kind = status.get("type") if isinstance(status, Mapping) else None
        if isinstance(kind, str):
            self._failed = kind == "systemError"

    def apart(self, updates: Iterable[Update]) -> Iterator[Update]:
        """The updates, with the reason of a failure as such."""
        for update in updates:
            yield FailureTold(update.text) if self._failed and isinstance(update, Said) else update
