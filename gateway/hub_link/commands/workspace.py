"""workspace.*: where sessions can be started."""

from __future__ import annotations

from gateway.hub_link.commands.reply import Reply
from gateway.hub_link.services import HubWorkspace
from protocol.commands import WorkspaceList
from protocol.events import WorkspaceFolders
from protocol.limits import MAX_ITEMS


class WorkspaceCommands:
    """The handlers of the family."""

    def __init__(self, workspace: HubWorkspace) -> None:
        self._workspace = workspace

    async def list(self, command: WorkspaceList) -> Reply:
        """The folders of the workspace."""
        folders = await self._workspace.folders()
        return Reply((WorkspaceFolders(request_id=command.request_id, folders=tuple(folders)[:MAX_ITEMS]),))
