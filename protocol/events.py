"""Events: what a device says to the hub. Source: the device link, schema version 1 (docs/wire.md)."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

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
    RequestId,
    Rows,
    Seconds,
    Seq,
    SessionId,
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


class SystemInfo(WireModel):
    """The machine: what does not change while the daemon runs."""

    os: Line
    arch: Line
    cpus: int = Field(ge=1, le=4096)
    ram_total_bytes: ByteCount
    disk_total_bytes: ByteCount


class GatewayHello(EventBase):
    """The first message of every connection."""

    type: Literal["gateway.hello"] = "gateway.hello"
    gateway_id: GatewayId
    version: Word
    hostname: Word
    bootstrap_token: str | None = Field(default=None, max_length=4096, repr=False)
    system_info: SystemInfo


class ActiveSession(WireModel):
    """A live session, and when something last happened in it."""

    session_id: SessionId
    last_activity_at: Time


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
)
Event = Annotated[AnyEvent, Field(discriminator="type")]
"""Any event, told apart by ``type``."""

EVENTS: tuple[type[AnyEvent], ...] = get_args(AnyEvent)
