"""What a service is, whatever starts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Service:
    """A program that is always to run. ``stop_seconds``: how long it may take to end."""

    name: str
    """Words of letters, digits and hyphens."""
    description: str
    command: tuple[str, ...]
    user: str | None = None
    """None: the account that installs it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    """Where its output goes, where the system has no journal."""
    stop_seconds: int = 15
    sessions_inside: bool = False
    """Whether what it starts is to live on when it ends."""


class ServiceKind(Protocol):
    """One kind of system."""

    def path(self, service: Service) -> Path:
        """Where the file belongs."""

    def render(self, service: Service) -> str:
        """The file's text. Raises ValueError for what that file cannot hold."""

    def install(self, service: Service) -> tuple[tuple[str, ...], ...]:
        """The commands that bring it into force, once the file is there."""

    def remove(self, service: Service) -> tuple[tuple[str, ...], ...]:
        """The commands that end it, before the file goes."""
