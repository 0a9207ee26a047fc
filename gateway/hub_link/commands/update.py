"""gateway.update: another version of this program."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial

from gateway.hub_link.channel import Request
from gateway.hub_link.commands.reply import Reply
from gateway.hub_link.messages import line
from gateway.hub_link.outbox import LinkGone
from gateway.hub_link.services import HubUpdater
from protocol.commands import GatewayUpdate
from protocol.events import GatewayUpdated
from protocol.problems import Problem

log = logging.getLogger(__name__)


class UpdateCommands:
    """The handlers of the family."""

    def __init__(self, updater: HubUpdater) -> None:
        self._updater = updater

    async def update(self, command: GatewayUpdate) -> Reply:
        """Install a version and start it; a problem is answered by gateway.update_failed, for there is no ack.

        The answer goes out before the restart, and says that the update is in place. Whether it stays is told by the
        hellos that follow: by the version, and by the rollback.
        """
        return Reply(later=partial(self._install, command))

    async def _install(self, command: GatewayUpdate, request: Request) -> None:
        version = await self._updater.install(command.url, command.sha256, command.version)
        # A hub that is gone by now hears of it with the next hello; the device restarts all the same.
        with suppress(LinkGone):
            request.answer_now(GatewayUpdated(request_id=command.request_id, version=line(version, 128)))
        try:
            await self._updater.restart()
        except Problem as problem:
            log.error("the update %s waits for the maintenance window: %s", version, problem.message)
