"""Commands: what the hub asks of a device. Source: the device link, schema version 1 (docs/wire.md)."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from protocol.base import CommandBase, WireModel
from protocol.fields import (
    Base64Bytes,
    ChunkCount,
    ChunkNumber,
    Cols,
    EnvName,
    EnvValue,
    FileSize,
    Line,
    LongText,
    Path,
    Rows,
    Seq,
    SessionId,
    Sha256,
    Time,
    TransferId,
    Url,
    Word,
)
from protocol.limits import MAX_CHUNK_BYTES, MAX_ENV

AgentName = Literal["claude-code", "codex", "gemini", "opencode"]
"""The agent CLIs a device knows."""
SessionAgent = Literal["claude-code", "codex", "gemini", "opencode", "none"]
"""What a session runs; ``none`` is the login shell."""


def _default_agent(value: object) -> object:
    return "claude-code" if value is None else value


class AgentConfig(WireModel):
    """Instruction files for the session's folder, written unless the folder has its own."""

    claude_md: LongText | None = Field(default=None, description="Text of CLAUDE.md.")
    agents_md: LongText | None = Field(default=None, description="Text of AGENTS.md.")


class SessionCreate(CommandBase):
    """Start a session. Answered by session.started and ack."""

    type: Literal["session.create"] = "session.create"
    session_id: SessionId
    name: Word
    workdir: Path
    agent: Annotated[SessionAgent, BeforeValidator(_default_agent)] = "claude-code"
    agent_config: AgentConfig | None = None
    env: dict[EnvName, EnvValue] | None = Field(default=None, max_length=MAX_ENV, repr=False)


class SessionInput(CommandBase):
    """Type into a session: any bytes. Answered by ack."""

    type: Literal["session.input"] = "session.input"
    session_id: SessionId
    data: Base64Bytes = Field(repr=False)


class SessionResize(CommandBase):
    """Give a session's terminal another size, in characters. Answered by ack."""

    type: Literal["session.resize"] = "session.resize"
    session_id: SessionId
    cols: Cols
    rows: Rows


class SessionEnd(CommandBase):
    """End a session and what runs in it. Answered by session.ended and ack."""

    type: Literal["session.end"] = "session.end"
    session_id: SessionId


class SessionAck(CommandBase):
    """The highest frame number a viewer has seen; for flow control, coalesced. Answered by ack."""

    type: Literal["session.ack"] = "session.ack"
    session_id: SessionId
    seq: Seq


class SessionSnapshotRequest(CommandBase):
    """Ask for the screen. Answered by session.snapshot and ack."""

    type: Literal["session.snapshot"] = "session.snapshot"
    session_id: SessionId


class SshAuthorize(CommandBase):
    """Let a public key log in over ssh, until a time if one is given. Answered by ack."""

    type: Literal["ssh.authorize"] = "ssh.authorize"
    public_key: str = Field(min_length=1, max_length=16 * 1024, pattern=r"^[^\x00-\x1f\x7f]*[\r\n]{0,2}$")
    label: Line
    expires_at: Time | None = None


class SshRevoke(CommandBase):
    """Take a key's access away. Answered by ack."""

    type: Literal["ssh.revoke"] = "ssh.revoke"
    fingerprint: Word


class SshList(CommandBase):
    """Ask which keys may log in. Answered by ssh.keys."""

    type: Literal["ssh.list"] = "ssh.list"


class FileUploadBegin(CommandBase):
    """Announce a file: its size in bytes and its number of chunks. Answered by ack."""

    type: Literal["file.upload.begin"] = "file.upload.begin"
    transfer_id: TransferId
    dest_path: Path
    size: FileSize
    total_chunks: ChunkCount


class FileUploadChunk(CommandBase):
    """One piece of at most 128 KiB, numbered from 0, in order. Answered by ack."""

    type: Literal["file.upload.chunk"] = "file.upload.chunk"
    transfer_id: TransferId
    seq: ChunkNumber
    data: Base64Bytes = Field(max_length=MAX_CHUNK_BYTES, repr=False)


class FileUploadEnd(CommandBase):
    """All chunks are sent; the file takes its place. Answered by ack."""

    type: Literal["file.upload.end"] = "file.upload.end"
    transfer_id: TransferId


class FileDownload(CommandBase):
    """Ask for a file. Answered by file.content.begin, file.content.chunk, file.content.end and ack."""

    type: Literal["file.download"] = "file.download"
    transfer_id: TransferId
    path: Path


class FileCancel(CommandBase):
    """Give a transfer up, in either direction. Answered by ack."""

    type: Literal["file.cancel"] = "file.cancel"
    transfer_id: TransferId


class AgentsInstall(CommandBase):
    """Install an agent CLI. Answered by agent.installed and ack."""

    type: Literal["agents.install"] = "agents.install"
    agent: AgentName


class AgentsList(CommandBase):
    """Ask which agent CLIs are there. Answered by agents.status."""

    type: Literal["agents.list"] = "agents.list"


class WorkspaceList(CommandBase):
    """Ask for the folders of the workspace. Answered by workspace.folders."""

    type: Literal["workspace.list"] = "workspace.list"


class GatewayUpdate(CommandBase):
    """Update the gateway from a signed file. Answered by gateway.updated or gateway.update_failed."""

    type: Literal["gateway.update"] = "gateway.update"
    url: Url
    sha256: Sha256
    version: Word


class KeyRotate(CommandBase):
    """Ask the device for a new key of its own. Answered by key.rotated, which both keys signed."""

    type: Literal["key.rotate"] = "key.rotate"


AnyCommand = (
    SessionCreate
    | SessionInput
    | SessionResize
    | SessionEnd
    | SessionAck
    | SessionSnapshotRequest
    | SshAuthorize
    | SshRevoke
    | SshList
    | FileUploadBegin
    | FileUploadChunk
    | FileUploadEnd
    | FileDownload
    | FileCancel
    | AgentsInstall
    | AgentsList
    | WorkspaceList
    | GatewayUpdate
    | KeyRotate
)
Command = Annotated[AnyCommand, Field(discriminator="type")]
"""Any command, told apart by ``type``."""

COMMANDS: tuple[type[AnyCommand], ...] = get_args(AnyCommand)
