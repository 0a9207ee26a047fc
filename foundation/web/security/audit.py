"""The audit record of every route that changes something: who, from where, what, with which result."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import structlog
from aiohttp import web

from foundation.web.context import login_or_none, note, source_of
from foundation.web.routing import AnyRoute, Handler
from foundation.web.site import site_of
from protocol.problems import Problem, ProblemCode

_LOG = structlog.get_logger("web.audit")


class StrangerLimit:
    """At most ``limit`` records in ``seconds`` of people without a login: they must not be able to fill the disk."""

    def __init__(self, clock: Callable[[], float], limit: int = 60, seconds: float = 60) -> None:
        self._clock = clock
        self._limit = limit
        self._seconds = seconds
        self._times: deque[float] = deque()

    def allows(self) -> bool:
        """Count one record, and say whether it may be written."""
        now = self._clock()
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        if len(self._times) >= self._limit:
            return False
        self._times.append(now)
        return True


async def audited(
    request: web.Request, route: AnyRoute, handler: Handler, strangers: StrangerLimit
) -> web.StreamResponse:
    """Run ``handler`` and record how it ended, refusals and crashes included."""
    try:
        response = await handler(request)
    except Problem as problem:
        await _record(request, route, problem.code.value, strangers)
        raise
    except web.HTTPException as answer:
        await _record(request, route, "ok" if answer.status < 400 else f"http_{answer.status}", strangers)
        raise
    except Exception:
        await _record(request, route, ProblemCode.INTERNAL.value, strangers)
        raise
    await _record(request, route, "ok", strangers)
    return response


async def _record(request: web.Request, route: AnyRoute, result: str, strangers: StrangerLimit) -> None:
    if route.audit is None:
        return
    said = note(request)
    stranger = login_or_none(request) is None and said.who is None
    if stranger and not strangers.allows():
        _LOG.warning("audit.skipped", action=route.audit, source=source_of(request), result=result)
        return
    target = said.target if said.target is not None else "/".join(request.match_info.values())
    said.target = target[:500]
    await site_of(request).authority.record(request, route, result, said)
