"""``/health`` of a hub: whether this node can do its work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import structlog
from aiohttp import web

from foundation.web.answers import answer
from hub.web.api.models.hub import StatusAnswer
from hub.web.context import Hub, hub_of
from protocol.problems import Problem

_LOG = structlog.get_logger("hub.health")
_PROBE_SECONDS: Final = 10.0


class WellnessCheck:
    """Judges this node. The store is written to every ten seconds at most, however often somebody asks."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._probed_at: datetime | None = None
        self._reasons: tuple[str, ...] = ()

    async def reasons(self) -> tuple[str, ...]:
        """The stable words for what does not work; empty when all is well."""
        now = datetime.now(UTC)
        if self._probed_at is None or (now - self._probed_at).total_seconds() >= _PROBE_SECONDS:
            self._probed_at = now
            self._reasons = await self._probe(now)
        return self._reasons

    async def _probe(self, now: datetime) -> tuple[str, ...]:
        try:
            await self._hub.values.put("health.probe", now.isoformat())
        except Problem as problem:
            _LOG.warning("store.not_writable", code=problem.code, reason=problem.message)
            return ("store_not_writable",)
        return ()


WELLNESS = web.AppKey("wellness", WellnessCheck)


async def status(request: web.Request) -> web.Response:
    """Whether this node of the hub is well, for load balancers and whoever watches it; 503 when it is not."""
    reasons = await request.app[WELLNESS].reasons()
    shown = StatusAnswer(
        status="unhealthy" if reasons else "healthy", version=hub_of(request).version, reasons=list(reasons)
    )
    return answer(shown, 503 if reasons else 200)
