"""The one table of commands: type to handler, with the lane that keeps its order and its name in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from gateway.hub_link.commands.agents import AgentCommands
from gateway.hub_link.commands.files import FileCommands
from gateway.hub_link.commands.key import KeyCommands
from gateway.hub_link.commands.reply import Row, row
from gateway.hub_link.commands.sessions import SessionCommands
from gateway.hub_link.commands.ssh import SshCommands
from gateway.hub_link.commands.update import UpdateCommands
from gateway.hub_link.commands.workspace import WorkspaceCommands
from protocol import commands as wire
from protocol.base import CommandBase
from protocol.commands import AnyCommand

CommandTable = Mapping[type[CommandBase], Row]


class _OfSession(Protocol):
    @property
    def session_id(self) -> str: ...


class _OfTransfer(Protocol):
    @property
    def transfer_id(self) -> str: ...


def session_lane(session_id: str) -> str:
    """The lane of everything that happens to one session."""
    return f"session {session_id}"


def _session_id(command: _OfSession) -> str:
    return command.session_id


def _transfer_id(command: _OfTransfer) -> str:
    return command.transfer_id


def _session(command: _OfSession) -> str:
    return session_lane(command.session_id)


def _transfer(command: _OfTransfer) -> str:
    return f"transfer {command.transfer_id}"


def _lane(name: str) -> Callable[[AnyCommand], str]:
    return lambda _command: name


def command_table(
    *,
    sessions: SessionCommands,
    ssh: SshCommands,
    files: FileCommands,
    agents: AgentCommands,
    workspace: WorkspaceCommands,
    update: UpdateCommands,
    key: KeyCommands,
) -> CommandTable:
    """Every command of the wire."""
    ssh_lane, install_lane, update_lane = _lane("ssh"), _lane("install"), _lane("update")
    return dict(
        (
            row(
                wire.SessionCreate,
                sessions.create,
                needs="terminals",
                lane=_session,
                action="session.create",
                target=_session_id,
            ),
            row(
                wire.SessionInput,
                sessions.input,
                needs="terminals",
                lane=_session,
                action="session.control",
                target=_session_id,
            ),
            row(
                wire.SessionResize,
                sessions.resize,
                needs="terminals",
                lane=_session,
                action="session.control",
                target=_session_id,
            ),
            row(
                wire.SessionEnd,
                sessions.end,
                needs="terminals",
                lane=_session,
                action="session.end",
                target=_session_id,
            ),
            row(wire.SessionAck, sessions.ack, needs="terminals", lane=lambda c: f"ack {c.session_id}"),
            row(wire.SessionSnapshotRequest, sessions.snapshot, needs="terminals", lane=_session),
            row(
                wire.SshAuthorize,
                ssh.authorize,
                needs="keys",
                lane=ssh_lane,
                action="ssh.authorize",
                target=lambda c: c.label,
            ),
            row(
                wire.SshRevoke,
                ssh.revoke,
                needs="keys",
                lane=ssh_lane,
                action="ssh.revoke",
                target=lambda c: c.fingerprint,
            ),
            row(wire.SshList, ssh.list, needs="keys", lane=ssh_lane),
            row(
                wire.FileUploadBegin,
                files.upload_begin,
                needs="files",
                lane=_transfer,
                action="file.upload.begin",
                target=lambda c: c.dest_path,
            ),
            row(wire.FileUploadChunk, files.upload_chunk, needs="files", lane=_transfer),
            row(
                wire.FileUploadEnd,
                files.upload_end,
                needs="files",
                lane=_transfer,
                action="file.upload",
                target=_transfer_id,
            ),
            row(
                wire.FileDownload,
                files.download,
                needs="files",
                lane=_transfer,
                action="file.download",
                target=lambda c: c.path,
            ),
            row(
                wire.FileCancel, files.cancel, needs="files", lane=_transfer, action="file.cancel", target=_transfer_id
            ),
            row(
                wire.AgentsInstall,
                agents.install,
                needs="agents",
                lane=install_lane,
                action="agent.install",
                target=lambda c: c.agent,
            ),
            row(wire.AgentsList, agents.list, needs="agents", lane=_lane("agents")),
            row(wire.WorkspaceList, workspace.list, needs="files", lane=_lane("workspace")),
            row(
                wire.GatewayUpdate,
                update.update,
                needs="update",
                lane=update_lane,
                action="gateway.update",
                target=lambda c: c.version,
            ),
            row(
                wire.KeyRotate,
                key.rotate,
                needs="health",
                lane=_lane("key"),
                action="key.rotate",
                target=lambda _: "key",
            ),
        )
    )
