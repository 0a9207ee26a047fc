"""Queued commands as values, and what others ask of the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from protocol.commands import AnyCommand
from protocol.events import AnyEvent

MAX_PAYLOAD: Final = 256 * 1024
"""Bytes of a command that waits."""
MAX_WAITING: Final = 100
"""Commands that may wait for one device."""
EXPIRES_IN: Final = 24 * 3600.0
EXPIRES_AT_MOST: Final = 30 * 24 * 3600.0
MAX_ATTEMPTS: Final = 5
MAX_PAGE: Final = 200


class CommandState(StrEnum):
    """Where a command is."""

    PENDING = "pending"
    """It waits for its device."""
    SENT = "sent"
    """It is on its way, or was when its node died."""
    ACKED = "acked"
    FAILED = "failed"
    """The device refused, or did not answer however often it was asked."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """It may have arrived and must not happen twice, so it is not told again. A person has to look."""


WAITING: Final = (CommandState.PENDING, CommandState.SENT)


@dataclass(frozen=True, slots=True)
class QueuedCommand:
    """A command that was accepted. Times are aware UTC; what it says is not shown again, because it may be secret."""

    id: int
    device_id: str
    type: str
    person: str
    state: CommandState
    created_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    finished_at: datetime | None
    attempts: int
    error: str | None
    answered: bool = False
    """Whether the device answered, be it by a refusal."""
    answer: tuple[AnyEvent, ...] = ()
    """The events that answered it; only where one command is asked for."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Somebody's wish. ``key`` is an Idempotency-Key of the token, else of the person; ``expires_in`` seconds."""

    device_id: str
    command: AnyCommand
    person: str
    token_id: int | None = None
    key: str | None = None
    expires_in: float = EXPIRES_IN


class CommandQueue(Protocol):
    """What routes ask of the queue."""

    async def submit(self, wish: Submission) -> QueuedCommand:
        """Accept a command; from here on it is not lost. With a key that was used before, the command of that time.

        Raises Problem: INVALID_REQUEST, NOT_FOUND, TOO_LARGE, TOO_MANY, CONFLICT (the key was used for another one).
        """
        ...

    async def get(self, device_id: str, command_id: int) -> QueuedCommand:
        """One command with its answer. Raises Problem(NOT_FOUND)."""
        ...

    async def listed(self, device_id: str, *, before: int | None = None, limit: int = 50) -> list[QueuedCommand]:
        """A device's commands with an id below ``before``, newest first."""
        ...

    async def cancel(self, device_id: str, command_id: int) -> QueuedCommand:
        """Take back a command that waits. Raises Problem: NOT_FOUND, CONFLICT (it was sent, or is over)."""
        ...


class Box(Protocol):
    """Seals what the store must not show; :class:`foundation.secrets_box.SecretsBox`."""

    def seal(self, secret: str, belongs_to: str) -> bytes:
        """Seal."""
        ...

    def open(self, sealed: bytes, belongs_to: str) -> str:
        """Open. Raises Problem."""
        ...
