"""Commands to one device: what they take and what they answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from foundation.web.models import Answer, Body, Number
from hub.nodes.commands.types import EXPIRES_AT_MOST, EXPIRES_IN, CommandState, QueuedCommand
from hub.web.api.models.fleet import FleetSession
from protocol.commands import AgentConfig, SessionAgent
from protocol.fields import Base64Bytes, Cols, EnvName, EnvValue, Line, Path, Rows, Sha256, Time, Url, Word
from protocol.limits import KIB, MAX_ENV, MAX_FILE_BYTES

MAX_INPUT = 512 * KIB
MAX_UPLOAD = MAX_FILE_BYTES


class DeviceSessionsAnswer(Answer):
    """The sessions of a device, as it last told of them."""

    sessions: list[FleetSession]


class NewSession(Body):
    """A session to begin."""

    name: Word
    workdir: Path
    agent: SessionAgent = Field("claude-code", description="none for the login shell.")
    agent_config: AgentConfig | None = None
    env: dict[EnvName, EnvValue] | None = Field(None, max_length=MAX_ENV, repr=False)


class NewSessionAnswer(Answer):
    """A session that runs."""

    session_id: str
    pid: int | None


class SessionEndAnswer(Answer):
    """A session that is over."""

    exit_code: int | None


class Input(Body):
    """Bytes to type, at most 512 KiB."""

    data: Annotated[Base64Bytes, Field(max_length=MAX_INPUT, repr=False)]


class Size(Body):
    """The size of a terminal in characters."""

    cols: Cols
    rows: Rows


class ScreenAnswer(Answer):
    """A screen: text with SGR escapes, lines separated by CR LF."""

    session_id: str
    content: str
    cols: int | None
    rows: int | None
    cursor_x: int | None
    cursor_y: int | None
    cursor_visible: bool | None
    alternate_on: bool | None
    seq: int | None
    scrollback: int | None
    modes: str | None
    title: str | None


class SshKeyAnswer(Answer):
    """A key that may log in over ssh."""

    fingerprint: str
    label: str
    algorithm: str
    added_at: datetime | None
    expires_at: datetime | None


class SshKeysAnswer(Answer):
    """The keys that may log in."""

    keys: list[SshKeyAnswer]


class NewSshKey(Body):
    """A key to let in."""

    public_key: str = Field(min_length=1, max_length=16 * 1024, pattern=r"^[^\x00-\x1f\x7f]*$")
    label: Line
    expires_at: Time | None = None


class FingerprintQuery(Body):
    """Which key."""

    fingerprint: Word


class PathQuery(Body):
    """Which file, relative to the workspace."""

    path: Path


class UploadAnswer(Answer):
    """A file that is in its place."""

    path: str
    size: int


class AgentCli(Answer):
    """An agent CLI of the device."""

    agent: str
    installed: bool
    version: str | None


class AgentsAnswer(Answer):
    """The agent CLIs of the device."""

    agents: list[AgentCli]


class InstalledAnswer(Answer):
    """An agent CLI that was installed."""

    agent: str
    version: str | None


class WorkspacesAnswer(Answer):
    """The folders of the device's workspace."""

    folders: list[str]


class Update(Body):
    """A release of Hutch for the device."""

    url: Url
    sha256: Sha256
    version: Word


class UpdateAnswer(Answer):
    """The update is in place."""

    version: str


class AnyCommandBody(Body):
    """A command of the wire, without its request_id; docs/wire.md says which fields each type has."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    type: Annotated[str, StringConstraints(max_length=64)]


class CommandQuery(Body):
    """Whether a command may wait for a device that is offline."""

    queue: bool = False
    expires_in: int = Field(int(EXPIRES_IN), ge=1, le=int(EXPIRES_AT_MOST), description="Seconds it may wait.")


class CommandAnswer(Answer):
    """A command that was carried out, and the events that answered it."""

    events: list[dict[str, Any]]


class QueuedAnswer(Answer):
    """A command that was accepted, and what became of it; what it says is not shown again."""

    command_id: int
    device_id: str
    type: str
    state: CommandState
    person: str
    created_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    finished_at: datetime | None
    attempts: int
    error: str | None
    events: list[dict[str, Any]] = Field(description="What answered it; only where one command is asked for.")

    @classmethod
    def of(cls, command: QueuedCommand) -> QueuedAnswer:
        """The answer that shows a command."""
        return cls(
            command_id=command.id,
            device_id=command.device_id,
            type=command.type,
            state=command.state,
            person=command.person,
            created_at=command.created_at,
            expires_at=command.expires_at,
            sent_at=command.sent_at,
            finished_at=command.finished_at,
            attempts=command.attempts,
            error=command.error,
            events=[event.model_dump(mode="json") for event in command.answer],
        )


class QueueQuery(Body):
    """A page of the queue."""

    before: Number | None = Field(None, description="Only commands before the one of this number.")
    limit: int = Field(50, ge=1, le=200)


class QueueAnswer(Answer):
    """Accepted commands, newest first."""

    commands: list[QueuedAnswer]
