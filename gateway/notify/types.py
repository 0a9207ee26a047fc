"""What is told, to whom, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Kind(StrEnum):
    """Why somebody is told."""

    WAITS = "waits"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification. Nothing of a conversation is in it beyond its title and the question."""

    key: str
    """What it is about, exactly: a permission, a turn, a session's waiting. The same key is told once."""
    kind: Kind
    title: str
    body: str
    path: str
    """The page to open, without any prefix."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is told, and when not. Quiet hours are minutes of a day in the device's own time zone; None for none."""

    kinds: frozenset[Kind] = frozenset(Kind)
    quiet_from: int | None = None
    quiet_to: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An e-mail address, a webhook or a service, without the address itself, which is not shown again."""

    id: int
    name: str
    kind: str
    created_at: datetime
    last_sent_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that asked to be told."""

    id: int
    person_id: int
    label: str
    created_at: datetime
    last_sent_at: datetime | None
    last_error: str | None


class PushKeys(BaseModel):
    """What only this browser can read with (RFC 8291), base64url."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    p256dh: str = Field(min_length=80, max_length=100, pattern=r"^[A-Za-z0-9_-]+={0,2}$")
    auth: str = Field(min_length=16, max_length=40, pattern=r"^[A-Za-z0-9_-]+={0,2}$")


class PushPlace(BaseModel):
    """Where a browser's push service takes its messages, as ``PushSubscription.toJSON`` gives it (Push API, W3C)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint: str = Field(min_length=10, max_length=2048, pattern=r"^https?://[!-~]+$")
    keys: PushKeys
