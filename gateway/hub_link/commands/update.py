"""gateway.update: another version of this program."""

from __future__ import annotations

from gateway.hub_link.commands.reply import Reply
from gateway.hub_link.messages import line
from gateway.hub_link.services import HubUpdater
from protocol.commands import GatewayUpdate
from protocol.events import GatewayUpdated


class UpdateCommands:
    """The handlers of the family."""

    def __init__(self, updater: HubUpdater) -> None:
        self._updater = updater

    async def update(self, command: GatewayUpdate) -> Reply:
        """Install a version; a problem is answered by gateway.update_failed, for this command has no ack."""
        version = await self._updater.install(command.url, command.sha256, command.version)
        return Reply((GatewayUpdated(request_id=command.request_id, version=line(version, 128)),))
