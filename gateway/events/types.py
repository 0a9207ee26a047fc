"""The events of a device. One class per type; ``AnyEvent`` is their union, and docs/events.md lists them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from foundation.bus import EventBus
from gateway.events.chat import ChatEvent
from gateway.sessions.types import SessionStatus


def _now() -> datetime:
    return datetime.now(UTC)


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)

    at: datetime = Field(default_factory=_now)


class SessionStarted(_Event):
    """A session began, or came back after a reboot or a restart of the daemon."""

    type: Literal["session.started"] = "session.started"
    session_id: str
    name: str
    agent: str | None
    returned: bool = False


class SessionChanged(_Event):
    """A session's status, title, name or size is another one."""

    type: Literal["session.changed"] = "session.changed"
    session_id: str
    name: str
    status: SessionStatus
    title: str
    cols: int
    rows: int
    waiting_for: str | None = None
    """What a session that waits asks the person, where its program tells."""


class SessionEnded(_Event):
    """A session is over; ``exit_code`` is None where it could not be learned."""

    type: Literal["session.ended"] = "session.ended"
    session_id: str
    exit_code: int | None


class SessionControl(_Event):
    """Another viewer holds the keyboard of a session; None when nobody does."""

    type: Literal["session.control"] = "session.control"
    session_id: str
    holder: str | None


class HealthSampled(_Event):
    """The device measured itself; fields as in :class:`gateway.host.types.Health`.

    ``agents_away``: the account that agents work in cannot be reached.
    """

    type: Literal["device.health"] = "device.health"
    cpu_percent: float
    ram_used_bytes: int
    ram_total_bytes: int
    disk_used_bytes: int
    disk_total_bytes: int
    temperature_celsius: float | None
    throttled: bool | None
    uptime_seconds: int
    agents_away: bool = False


class HubLinkChanged(_Event):
    """The link to the hub came up, went down, or is not wanted."""

    type: Literal["hub.link"] = "hub.link"
    state: Literal["off", "connecting", "unclaimed", "online", "waiting"]
    detail: str = ""


class HubPolicyChanged(_Event):
    """The owner of the device changed what the hub may do."""

    type: Literal["hub.policy"] = "hub.policy"
    allows: tuple[str, ...]


class FileChanged(_Event):
    """A file or folder in the workspace was written, made, moved or removed through Hutch."""

    type: Literal["file.changed"] = "file.changed"
    path: str
    action: Literal["uploaded", "created", "removed", "moved"]


class AgentInstalled(_Event):
    """An agent CLI was installed; ``version`` is what the program itself says."""

    type: Literal["agent.installed"] = "agent.installed"
    agent: str
    version: str | None


class AgentInstallProgress(_Event):
    """A line of progress of an installation."""

    type: Literal["agent.install_progress"] = "agent.install_progress"
    agent: str
    line: str


class AgentInstallFailed(_Event):
    """An installation came to nothing; what was installed before is as it was."""

    type: Literal["agent.install_failed"] = "agent.install_failed"
    agent: str
    code: str
    message: str


class AgentRemoved(_Event):
    """An agent CLI was removed from the device; its settings and logins are still there."""

    type: Literal["agent.removed"] = "agent.removed"
    agent: str


class AgentLogin(_Event):
    """How the login of an agent CLI, or its key, stands; the address to open is not told here."""

    type: Literal["agent.login"] = "agent.login"
    agent: str
    state: Literal["started", "address", "ended", "key"]
    session_id: str | None = None


class SshKeysChanged(_Event):
    """A key was authorised, revoked or ran out."""

    type: Literal["ssh.changed"] = "ssh.changed"
    fingerprint: str
    action: Literal["authorized", "revoked", "expired"]


class UpdateChanged(_Event):
    """An update of the device got further, failed, or was committed; fields as in ``UpdateState``."""

    type: Literal["update.changed"] = "update.changed"
    phase: str
    version: str | None
    percent: int
    detail: str
    problem: str


class CareChanged(_Event):
    """A backup, a restore or a factory reset got further; fields as in :class:`gateway.care.types.CareState`."""

    type: Literal["care.changed"] = "care.changed"
    phase: str
    percent: int
    detail: str
    problem: str


class PeopleChanged(_Event):
    """A person or a token was added, changed or removed."""

    type: Literal["people.changed"] = "people.changed"
    name: str
    action: Literal["added", "changed", "removed", "token_created", "token_revoked"]


AnyEvent = Annotated[
    SessionStarted
    | SessionChanged
    | SessionEnded
    | SessionControl
    | HealthSampled
    | HubLinkChanged
    | HubPolicyChanged
    | FileChanged
    | AgentInstalled
    | AgentInstallProgress
    | AgentInstallFailed
    | AgentRemoved
    | AgentLogin
    | SshKeysChanged
    | PeopleChanged
    | UpdateChanged
    | CareChanged
    | ChatEvent,
    Field(discriminator="type"),
]

DeviceBus = EventBus[AnyEvent]
"""The one bus of a device."""
