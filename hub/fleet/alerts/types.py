"""What rules look at and what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.events import Severity
from hub.fleet.types import HealthView, SessionView


class Thresholds(BaseModel):
    """When a group's devices need a look. What falls below ``…_clear`` is over, so that nothing flaps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offline_minutes: float = Field(default=10.0, ge=0.5, le=10_080, description="Without the device, in minutes.")
    disk_percent: float = Field(default=90.0, ge=10, le=100)
    disk_clear_percent: float = Field(default=85.0, ge=0, le=100)
    heat_celsius: float = Field(default=80.0, ge=30, le=150)
    heat_clear_celsius: float = Field(default=75.0, ge=0, le=150)
    throttled_minutes: float = Field(default=2.0, ge=0, le=1440, description="Slowed down for so long.")
    waiting_minutes: float = Field(default=10.0, ge=0, le=10_080, description="An agent waits for a person so long.")
    enabled: tuple[str, ...] | None = Field(
        default=None, max_length=32, description="The rules that are looked at; all where none are named."
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a rule may know of one device at one moment."""

    now: datetime
    online: bool
    since: datetime
    """When it came or went."""
    health: HealthView | None = None
    sessions: tuple[SessionView, ...] = ()
    throttled_since: datetime | None = None
    duplicated_at: datetime | None = None
    """When a second machine last used its key."""
    runaway: tuple[str, ...] = ()
    """Sessions that write more than they may."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that needs a look. ``subject`` is what of the device it is about: a session's id, or nothing."""

    subject: str
    text: str


Look = Callable[[Facts, Thresholds, frozenset[str]], Iterable[Finding]]
"""What a rule finds in the facts, given the subjects for which it has raised an alert that is open."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table of rules."""

    name: str
    severity: Severity
    summary: str
    look: Look | None
    """None for an alert that another part raises and clears."""
    needs: Literal["health", "link", "nothing"] = "link"
    """What has to be there for it to look; without it, what is open stays open."""


@dataclass(frozen=True, slots=True)
class Raise:
    """An alert is to be raised."""

    rule: str
    subject: str
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Clear:
    """An alert is over."""

    rule: str
    subject: str


Step = Raise | Clear
Key = tuple[str, str]
"""A rule and its subject: what is raised at most once for a device."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an alert is about, and whose that is."""

    about: str
    """The device's id, or ``rollout:7``."""
    name: str
    organisation_id: int
    group_id: int | None
    device_id: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as the store has it. Times aware UTC."""

    id: int
    organisation_id: int
    group_id: int | None
    device_id: str | None
    about: str
    name: str
    rule: str
    subject: str
    severity: Severity
    text: str
    raised_at: datetime
    times: int
    """How often it came back within its half hour, counted from 1."""
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None

    @property
    def key(self) -> Key:
        """Its rule and subject."""
        return (self.rule, self.subject)
