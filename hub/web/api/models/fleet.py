"""Devices as they are, their health, sessions over all of them, what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from foundation.web.models import Answer, Body, Line, Number
from hub.fleet.alerts.types import Thresholds
from hub.fleet.averages import Sample
from hub.fleet.devices import DeviceFilter, DeviceView, Summary
from hub.fleet.sessions import SessionRow
from hub.fleet.tags import MAX_TAGS
from hub.fleet.trail import Happened

Cursor = Annotated[str, StringConstraints(max_length=1024)]
DeviceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
Limit = Annotated[int, Field(ge=1, le=500)]
Status = Literal["starting", "working", "waiting", "idle", "running"]


class DevicesQuery(Body):
    """Which devices to list."""

    q: Line = Field("", description="Words in the name, id, host name or a tag; all have to be found.")
    group: Number | None = None
    tag: Annotated[str, StringConstraints(max_length=32)] | None = None
    state: DeviceFilter | None = None
    sort: Annotated[str, StringConstraints(max_length=32)] = Field(
        "name", description="name, last_seen, created, version, cpu, heat or waiting; with - before it, falling."
    )
    after: Cursor | None = None
    limit: Limit = 50


class Health(Answer):
    """The last that was measured."""

    at: datetime
    cpu_percent: float
    ram_used_bytes: int
    ram_total_bytes: int
    disk_used_bytes: int
    disk_total_bytes: int
    uptime_seconds: int
    temperature_celsius: float | None
    throttled: bool | None


class Rollback(Answer):
    """An update that the device took back by itself."""

    version: str
    reason: str
    at: datetime


class DeviceState(Answer):
    """A device and how it is; what never connected has no more than its name."""

    id: str
    organisation_id: int
    group_id: int
    name: str
    state: str = Field(description="active or revoked.")
    online: bool
    since: datetime | None = Field(description="When it came or went.")
    last_seen_at: datetime | None
    created_at: datetime
    version: str | None
    hostname: str | None
    model: str | None
    os: str | None
    arch: str | None
    cpus: int | None
    features: list[str]
    allows: list[str] | None = Field(description="What its owner lets the hub do; null for everything.")
    rollback: Rollback | None
    health: Health | None
    sessions: int
    waiting: int = Field(description="Sessions that wait for a person.")
    working: int
    tags: list[str]
    alerts: int = Field(description="Open alerts.")

    @classmethod
    def of(cls, view: DeviceView) -> DeviceState:
        """The answer that shows a device."""
        return cls.model_validate(view, from_attributes=True)


class DevicesAnswer(Answer):
    """A page of devices."""

    devices: list[DeviceState]
    next: str | None = Field(description="What to send as ?after= for the next page; null at the end.")


class SummaryAnswer(Answer):
    """The fleet in numbers, as far as one sees it."""

    devices: int
    online: int
    waiting: int
    working: int
    alerts: int
    tags: dict[str, int]

    @classmethod
    def of(cls, summary: Summary, tags: dict[str, int]) -> SummaryAnswer:
        """The answer that shows the numbers."""
        return cls(
            devices=summary.devices,
            online=summary.online,
            waiting=summary.waiting,
            working=summary.working,
            alerts=summary.alerts,
            tags=tags,
        )


class TagsBody(Body):
    """The tags of a device, all of them."""

    tags: list[Annotated[str, StringConstraints(max_length=64)]] = Field(max_length=2 * MAX_TAGS)


class TagsAnswer(Answer):
    """The tags of a device as they are kept."""

    tags: list[str]


class HealthQuery(Body):
    """How far back."""

    hours: int = Field(24, ge=1, le=24 * 366)


class HealthSample(Answer):
    """Five minutes; heat is the highest measured."""

    at: datetime
    cpu_percent: float
    ram_percent: float
    disk_percent: float
    temperature_celsius: float | None
    throttled: bool


class HealthAnswer(Answer):
    """Health of the last hours, at most 300 samples, oldest first."""

    samples: list[HealthSample]

    @classmethod
    def of(cls, samples: list[Sample]) -> HealthAnswer:
        """The answer that shows a chart's points."""
        return cls(samples=[HealthSample.model_validate(one, from_attributes=True) for one in samples])


class SessionsQuery(Body):
    """Which sessions to list."""

    q: Line = Field("", description="Words in the name, title, agent, folder or the device's name.")
    status: Status | None = None
    group: Number | None = None
    device: DeviceId | None = None
    offline: bool = Field(False, description="Also those of devices that are offline, as they were.")
    after: Cursor | None = None
    limit: Limit = 50


class FleetSession(Answer):
    """A session and the device it runs on."""

    device_id: str
    device_name: str
    organisation_id: int
    group_id: int
    online: bool
    session_id: str
    name: str
    agent: str | None
    status: str
    title: str
    workdir: str | None
    last_activity_at: datetime
    since: datetime = Field(description="From when on it has this status.")

    @classmethod
    def of(cls, row: SessionRow) -> FleetSession:
        """The answer that shows a session."""
        return cls.model_validate(row, from_attributes=True)


class FleetSessionsAnswer(Answer):
    """A page of sessions, the liveliest first."""

    sessions: list[FleetSession]
    next: str | None = Field(description="What to send as ?after= for the next page; null at the end.")


class TrailQuery(Body):
    """Which of what happened to list."""

    device: DeviceId | None = None
    before: Number | None = Field(None, description="Only what happened before the one of this number.")
    limit: Limit = 50


class HappenedAnswer(Answer):
    """One thing that happened."""

    id: int
    at: datetime
    organisation_id: int
    group_id: int | None
    device_id: str | None
    type: str
    data: dict[str, Any]

    @classmethod
    def of(cls, one: Happened) -> HappenedAnswer:
        """The answer that shows it."""
        return cls.model_validate(one, from_attributes=True)


class TrailAnswer(Answer):
    """What happened, newest first."""

    events: list[HappenedAnswer]


class EventsQuery(Body):
    """Where a reader was cut off, for clients that cannot send Last-Event-ID."""

    last_event_id: Annotated[str, StringConstraints(max_length=128)] | None = None


class ThresholdsBody(Thresholds, Body):
    """When a group's devices need a look."""


class ThresholdsAnswer(Answer):
    """When a group's devices need a look."""

    thresholds: Thresholds
