"""What the hub does by the clock: forget old audit entries and finished commands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from foundation.store.audit import AuditLog
from hub.config import HubSettings
from hub.nodes.commands.queue import StoredCommands
from protocol.problems import Problem

log = structlog.get_logger(__name__)

_EVERY_SECONDS = 24 * 3600.0


class Upkeep:
    """The hub's daily work. Every node does it; what one has removed the others find gone."""

    def __init__(self, audit: AuditLog, commands: StoredCommands, settings: HubSettings) -> None:
        self._audit = audit
        self._commands = commands
        self._keep = timedelta(days=settings.audit_days)
        self._keep_commands = timedelta(days=settings.event_days)

    async def run(self) -> None:
        """At the start and once a day; a store that fails is logged and tried again."""
        while True:
            try:
                await self._audit.prune(self._keep)
                await self._commands.prune(datetime.now(UTC) - self._keep_commands)
            except Problem as problem:
                log.warning("upkeep failed", code=problem.code, reason=problem.message)
            await asyncio.sleep(_EVERY_SECONDS)
