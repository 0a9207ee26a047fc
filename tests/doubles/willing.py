"""A device for :class:`tests.doubles.ports.ScriptedDevice` that does whatever it is asked."""

from __future__ import annotations

import os

from protocol import commands as wire
from protocol import events as told
from protocol.commands import AnyCommand
from protocol.events import AnyEvent

FILE = os.urandom(300_000)


def does(command: AnyCommand) -> tuple[AnyEvent, ...]:  # noqa: PLR0911 (one for each command)
    """A device that does everything."""
    ok = told.Ack(request_id=command.request_id, ok=True)
    name = command.request_id
    match command:
        case wire.SessionCreate(session_id=session_id):
            return (told.SessionStarted(request_id=name, session_id=session_id, pid=7), ok)
        case wire.SessionEnd(session_id=session_id):
            return (told.SessionEnded(session_id=session_id, exit_code=3), ok)
        case wire.SessionSnapshotRequest(session_id=session_id):
            return (told.SessionSnapshot(request_id=name, session_id=session_id, content="$ ", cols=80, rows=24), ok)
        case wire.SshList():
            return (
                told.SshKeys(request_id=name, keys=(told.SshKey(fingerprint="SHA256:x", label="l", algorithm="a"),)),
            )
        case wire.AgentsList():
            state = told.AgentState(agent="codex", binary="/usr/bin/codex", installed=True, version="1")
            return (told.AgentsStatus(request_id=name, agents=(state,)),)
        case wire.AgentsInstall(agent=agent):
            return (told.AgentInstalled(request_id=name, agent=agent, version="2"), ok)
        case wire.WorkspaceList():
            return (told.WorkspaceFolders(request_id=name, folders=("site",)),)
        case wire.GatewayUpdate(version=version):
            return (told.GatewayUpdated(request_id=name, version=version),)
        case wire.FileDownload(transfer_id=transfer_id, path=path):
            pieces = [FILE[start : start + 100_000] for start in range(0, len(FILE), 100_000)]
            chunks = [
                told.FileContentChunk(transfer_id=transfer_id, seq=seq, data=piece) for seq, piece in enumerate(pieces)
            ]
            begin = told.FileContentBegin(transfer_id=transfer_id, path=path, size=len(FILE), total_chunks=3)
            return (begin, *chunks, told.FileContentEnd(transfer_id=transfer_id), ok)
        case _:
            return (ok,)
