"""Who hears what an agent says and asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.conversations.types import PermissionOption
from gateway.conversations.updates import ToolTold, Update


@dataclass(frozen=True, slots=True)
class Question:
    """An agent asks whether it may."""

    call: ToolTold
    options: Sequence[PermissionOption]


class Listener(Protocol):
    """One turn, as its agent sees it."""

    def told(self, updates: Sequence[Update]) -> None:
        """The agent said something."""

    async def asked(self, question: Question) -> str | None:
        """The id of the option that was chosen; None when the turn ended before somebody chose."""
