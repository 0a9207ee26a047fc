"""The events of a hub. One class per type; ``AnyHubEvent`` is their union, and docs/fleet.md lists them.

Every event names the organisation and the group it belongs to, so that a subscriber is shown what its grants cover and
nothing else. No event carries a secret, and none a byte of a terminal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MAX_EVENT_BYTES: Final = 64 * 1024
"""Bytes of one event as JSON: what a node takes from another one."""

Severity = Literal["warning", "critical"]


def _now() -> datetime:
    return datetime.now(UTC)


class HubEventBase(BaseModel):
    """What all events of a hub have in common."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    at: datetime = Field(default_factory=_now)
    organisation_id: int
    group_id: int | None
    """None for what concerns the organisation as a whole."""


class DeviceEventBase(HubEventBase):
    """What all events of one device have in common; ``name`` is the device's name at that moment."""

    device_id: str
    name: str


class DeviceOnline(DeviceEventBase):
    """A device connected."""

    type: Literal["device.online"] = "device.online"
    version: str


class DeviceOffline(DeviceEventBase):
    """A device's socket is gone."""

    type: Literal["device.offline"] = "device.offline"
    reason: str


class DeviceChanged(DeviceEventBase):
    """Something about a device is another: its name, group, tags, policy, version, key. ``changed`` says what."""

    type: Literal["device.changed"] = "device.changed"
    changed: tuple[str, ...] = Field(max_length=32)


class DeviceClaimed(DeviceEventBase):
    """A device belongs to a group now; ``by`` is the person, or the batch, that let it in."""

    type: Literal["device.claimed"] = "device.claimed"
    by: str


class DeviceRevoked(DeviceEventBase):
    """A device may no longer connect, or was removed."""

    type: Literal["device.revoked"] = "device.revoked"
    by: str


class DeviceDuplicated(DeviceEventBase):
    """Two machines use one device's key; ``source`` is where the second one calls from."""

    type: Literal["device.duplicated"] = "device.duplicated"
    source: str


class DeviceRolledBack(DeviceEventBase):
    """A device took an update back by itself, and why."""

    type: Literal["device.rolled_back"] = "device.rolled_back"
    version: str
    reason: str


class SessionChanged(DeviceEventBase):
    """A session began, or its status, name or title is another one."""

    type: Literal["session.changed"] = "session.changed"
    session_id: str
    session_name: str
    agent: str | None
    status: str
    title: str


class SessionEnded(DeviceEventBase):
    """A session is over; ``exit_code`` is None where it could not be learned."""

    type: Literal["session.ended"] = "session.ended"
    session_id: str
    session_name: str
    exit_code: int | None


class SessionFailed(DeviceEventBase):
    """Something went wrong in a session that nobody asked about."""

    type: Literal["session.failed"] = "session.failed"
    session_id: str
    session_name: str
    error: str


class SessionRunaway(DeviceEventBase):
    """A session wrote more than it may for too long; its viewers were cut off, or are served again (``over``)."""

    type: Literal["session.runaway"] = "session.runaway"
    session_id: str
    bytes_per_second: int
    over: bool = False


class UpdateFinished(DeviceEventBase):
    """A device took an update (``error`` None) or did not."""

    type: Literal["update.finished"] = "update.finished"
    version: str | None
    error: str | None = None


class CommandChanged(DeviceEventBase):
    """A queued command went on: it waits, was sent, answered, refused, or is too old."""

    type: Literal["command.changed"] = "command.changed"
    command_id: str
    command: str
    state: str


class AlertEventBase(HubEventBase):
    """What all events of one alert have in common."""

    alert_id: int
    about: str
    """The device's id, or ``rollout:7``."""
    device_id: str | None
    """None for an alert about something that is no device: a rollout."""
    name: str
    """The device's name, or what else the alert is about."""
    rule: str
    """The row of the table of rules (hub/fleet/alerts/rules.py)."""
    subject: str
    """What of the device it is about: a session's id, or nothing."""


class AlertRaised(AlertEventBase):
    """Something needs a look."""

    type: Literal["alert.raised"] = "alert.raised"
    severity: Severity
    text: str


class AlertCleared(AlertEventBase):
    """An alert is over by itself."""

    type: Literal["alert.cleared"] = "alert.cleared"


class AlertAcknowledged(AlertEventBase):
    """A person has seen an alert and takes care."""

    type: Literal["alert.acknowledged"] = "alert.acknowledged"
    by: str


class RolloutChanged(HubEventBase):
    """A rollout goes on in another state, or its counts are others."""

    type: Literal["rollout.changed"] = "rollout.changed"
    rollout_id: int
    version: str
    state: str
    reason: str = ""
    counts: dict[str, int] = Field(default_factory=dict, max_length=32)


class GroupChanged(HubEventBase):
    """A group, its members or its settings are others."""

    type: Literal["group.changed"] = "group.changed"
    changed: tuple[str, ...] = Field(max_length=32)


AnyHubEvent = (
    DeviceOnline
    | DeviceOffline
    | DeviceChanged
    | DeviceClaimed
    | DeviceRevoked
    | DeviceDuplicated
    | DeviceRolledBack
    | SessionChanged
    | SessionEnded
    | SessionFailed
    | SessionRunaway
    | UpdateFinished
    | CommandChanged
    | AlertRaised
    | AlertCleared
    | AlertAcknowledged
    | RolloutChanged
    | GroupChanged
)
HubEvent = Annotated[AnyHubEvent, Field(discriminator="type")]
"""Any event of a hub, told apart by ``type``."""

HUB_EVENTS: tuple[type[AnyHubEvent], ...] = get_args(AnyHubEvent)
_ANY: Final[TypeAdapter[AnyHubEvent]] = TypeAdapter(HubEvent, config=ConfigDict(defer_build=True))


def dump_event(event: AnyHubEvent) -> bytes:
    """An event as JSON, for another node or a reader."""
    return event.model_dump_json().encode()


def load_event(data: bytes) -> AnyHubEvent:
    """An event that another node wrote. Raises ValueError for what is none, or is over :data:`MAX_EVENT_BYTES`."""
    if len(data) > MAX_EVENT_BYTES:
        raise ValueError(f"an event has at most {MAX_EVENT_BYTES} bytes")
    return _ANY.validate_json(data)
