"""Events: what a device says to the hub. Source: the device link, schema version 1 (docs/wire.md)."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from pydantic import BeforeValidator, Field

from protocol.base import EventBase, WireModel
from protocol.fields import (
    Base64Bytes,
    ByteCount,
    ChunkCount,
    ChunkNumber,
    Cols,
    CursorX,
    CursorY,
    ErrorText,
    FileSize,
    GatewayId,
    Line,
    Path,
    Percent,
    PublicKey,
    RequestId,
    Rows,
    Seconds,
    Seq,
    SessionId,
    Signature,
    Time,
    TransferId,
    Word,
)
from protocol.limits import MAX_CHUNK_BYTES, MAX_ITEMS, MAX_MESSAGE_BYTES


class Ack(EventBase):
    """A command is done (``ok``) or refused, with a sentence that says why."""

    type: Literal["ack"] = "ack"
    request_id: RequestId
    ok: bool
    error: ErrorText | None = None


Permission = Literal["health", "terminals", "pages", "files", "keys", "agents", "update"]
"""What the owner of a device may let its hub do; ``health`` is to see how it is, and which sessions there are."""
PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)
_PERMITTED: Final = frozenset[object](PERMISSIONS)


def _known(value: object) -> object:
    """Permissions of a later version are none of ours."""
    return tuple(one for one in value if one in _PERMITTED) if isinstance(value, list | tuple) else value


Allows = Annotated[tuple[Permission, ...], Field(max_length=len(PERMISSIONS)), BeforeValidator(_known)]
"""A set of permissions; what is not named is refused by the device itself."""
SessionState = Literal["starting", "working", "waiting", "idle", "ended", "failed"]
"""What a session is doing, as far as its terminal tells; ``waiting`` is for a person."""


class SystemInfo(WireModel):
    """The machine: what does not change while the daemon runs."""

    os: Line
    arch: Line
    cpus: int = Field(ge=1, le=4096)
    ram_total_bytes: ByteCount
    disk_total_bytes: ByteCount


class Rollback(WireModel):
    """An update that was taken back: the version that did not stay, and why."""

    version: Word
    reason: ErrorText
    at: Time


class GatewayProof(EventBase):
    """Answers gateway.challenge: whose key this is (:mod:`protocol.identity` says what is signed)."""

    type: Literal["gateway.proof"] = "gateway.proof"
    public_key: PublicKey
    time: Time
    signature: Signature
    enrolment_token: str | None = Field(default=None, max_length=4096, repr=False)
    hostname: Word | None = None
    version: Word | None = None


class GatewayHello(EventBase):
    """The first message of every connection of a device that the hub knows."""

    type: Literal["gateway.hello"] = "gateway.hello"
    gateway_id: GatewayId
    version: Word
    hostname: Word
    bootstrap_token: str | None = Field(default=None, max_length=4096, repr=False)
    system_info: SystemInfo
    features: tuple[Word, ...] | None = Field(default=None, max_length=64, description="What more it speaks.")
    model: Line | None = None
    allows: Allows | None = Field(default=None, description="Missing: the device has no policy and takes everything.")
    rollback: Rollback | None = None


class ActiveSession(WireModel):
    """A live session, and when something last happened in it."""

    session_id: SessionId
    last_activity_at: Time
    name: Word | None = None
    agent: Word | None = None
    status: SessionState | None = None
    title: str | None = Field(default=None, max_length=1024)
    workdir: Path | None = None


class GatewayHealth(EventBase):
    """How the device is: the second message of every connection, then every 30 seconds."""

    type: Literal["gateway.health"] = "gateway.health"
    gateway_id: GatewayId
    timestamp: Time
    cpu_percent: Percent
    ram_used_bytes: ByteCount
    ram_total_bytes: ByteCount
    disk_used_bytes: ByteCount
    disk_total_bytes: ByteCount
    uptime_seconds: Seconds
    active_sessions: tuple[ActiveSession, ...] = Field(max_length=MAX_ITEMS)
    temperature_celsius: float | None = Field(default=None, ge=-100, le=200)
    throttled: bool | None = Field(default=None, description="Whether heat or weak power slows the machine down now.")
    agents_away: bool | None = Field(
        default=None, description="Whether the account that agents work in cannot be reached, so that none can start."
    )


class GatewayPolicy(EventBase):
    """The owner of the device changed what the hub may do."""

    type: Literal["gateway.policy"] = "gateway.policy"
    allows: Allows


class SessionChanged(EventBase):
    """A live session has another name, status, title or folder."""

    type: Literal["session.changed"] = "session.changed"
    session: ActiveSession


class KeyRotated(EventBase):
    """The device wants to use ``public_key`` from now on. Without ``request_id`` it came unasked."""

    type: Literal["key.rotated"] = "key.rotated"
    request_id: RequestId | None = None
    public_key: PublicKey
    signed_by_old: Signature
    signed_by_new: Signature


class SessionStarted(EventBase):
    """A session runs."""

    type: Literal["session.started"] = "session.started"
    request_id: RequestId
    session_id: SessionId
    pid: int | None = Field(default=None, ge=0, le=2**31)


class SessionEnded(EventBase):
    """A session is over; ``exit_code`` where it is known."""

    type: Literal["session.ended"] = "session.ended"
    session_id: SessionId
    exit_code: int | None = Field(default=None, ge=-(2**31), lt=2**32)


class SessionError(EventBase):
    """Something went wrong in a session that nobody asked about."""

    type: Literal["session.error"] = "session.error"
    session_id: SessionId
    error: ErrorText


class SessionSnapshot(EventBase):
    """A screen: text with SGR escapes, lines separated by CR LF. Without ``request_id`` it came unasked."""

    type: Literal["session.snapshot"] = "session.snapshot"
    request_id: RequestId | None = None
    session_id: SessionId
    content: str = Field(max_length=2 * MAX_MESSAGE_BYTES, repr=False)
    cols: Cols | None = None
    rows: Rows | None = None
    cursor_x: CursorX | None = Field(default=None, description="Counts from 0.")
    cursor_y: CursorY | None = Field(default=None, description="Counts from 0.")
    cursor_visible: bool | None = None
    alternate_on: bool | None = Field(default=None, description="Whether a full-screen program is drawing.")
    seq: Seq | None = Field(default=None, description="Number of the first output frame that comes after this screen.")
    scrollback: int | None = Field(default=None, ge=0, description="Lines of history that stand before the screen.")
    modes: str | None = Field(
        default=None, max_length=4096, description="Escape sequences that bring a fresh terminal into the same modes."
    )
    title: str | None = Field(default=None, max_length=1024)


class SshKey(WireModel):
    """A key that may log in."""

    fingerprint: Word
    label: Line
    algorithm: Line
    added_at: Time | None = None
    expires_at: Time | None = None


class SshKeys(EventBase):
    """The keys that may log in."""

    type: Literal["ssh.keys"] = "ssh.keys"
    request_id: RequestId
    keys: tuple[SshKey, ...] = Field(max_length=MAX_ITEMS)


class FileContentBegin(EventBase):
    """A file is about to be sent: its size in bytes and its number of chunks."""

    type: Literal["file.content.begin"] = "file.content.begin"
    transfer_id: TransferId
    path: Path
    size: FileSize
    total_chunks: ChunkCount


class FileContentChunk(EventBase):
    """One piece of at most 128 KiB, numbered from 0, in order."""

    type: Literal["file.content.chunk"] = "file.content.chunk"
    transfer_id: TransferId
    seq: ChunkNumber
    data: Base64Bytes = Field(max_length=MAX_CHUNK_BYTES, repr=False)


class FileContentEnd(EventBase):
    """All chunks are sent."""

    type: Literal["file.content.end"] = "file.content.end"
    transfer_id: TransferId


class AgentInstalled(EventBase):
    """An agent CLI is installed; ``version`` is what the program prints."""

    type: Literal["agent.installed"] = "agent.installed"
    request_id: RequestId
    agent: Word
    version: Line | None = None


class AgentState(WireModel):
    """Whether an agent CLI is there."""

    agent: Word
    binary: Path
    installed: bool
    version: Line | None = None


class AgentsStatus(EventBase):
    """The agent CLIs of the device."""

    type: Literal["agents.status"] = "agents.status"
    request_id: RequestId
    agents: tuple[AgentState, ...] = Field(max_length=MAX_ITEMS)


class WorkspaceFolders(EventBase):
    """The folders of the workspace, as POSIX paths."""

    type: Literal["workspace.folders"] = "workspace.folders"
    request_id: RequestId
    folders: tuple[Path, ...] = Field(max_length=MAX_ITEMS)


class GatewayUpdated(EventBase):
    """The update is in place."""

    type: Literal["gateway.updated"] = "gateway.updated"
    request_id: RequestId
    version: Word


class GatewayUpdateFailed(EventBase):
    """The update is not in place, and why."""

    type: Literal["gateway.update_failed"] = "gateway.update_failed"
    request_id: RequestId
    error: ErrorText


AnyEvent = (
    Ack
    | GatewayHello
    | GatewayHealth
    | SessionStarted
    | SessionEnded
    | SessionError
    | SessionSnapshot
    | SshKeys
    | FileContentBegin
    | FileContentChunk
    | FileContentEnd
    | AgentInstalled
    | AgentsStatus
    | WorkspaceFolders
    | GatewayUpdated
    | GatewayUpdateFailed
    | GatewayProof
    | GatewayPolicy
    | SessionChanged
    | KeyRotated
)
Event = Annotated[AnyEvent, Field(discriminator="type")]
"""Any event, told apart by ``type``."""

EVENTS: tuple[type[AnyEvent], ...] = get_args(AnyEvent)
