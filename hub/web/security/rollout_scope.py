"""``{rollout_id}`` in a path."""

from __future__ import annotations

from aiohttp import web

from foundation.web.parsing import path_number
from hub.rollouts.desk import RolloutDesk
from hub.web.security.scopes import Found
from protocol.problems import Problem, ProblemCode


class RolloutScope:
    """Finds the group that a rollout is for."""

    scope = "rollout"

    def __init__(self, rollouts: RolloutDesk) -> None:
        self._rollouts = rollouts

    async def resolve(self, request: web.Request) -> Found | None:
        """Where the rollout belongs."""
        try:
            found = (await self._rollouts.get(path_number(request, "rollout_id"))).rollout
        except Problem as problem:
            if problem.code is ProblemCode.NOT_FOUND:
                return None
            raise
        return Found(found.organisation_id, found.group_id)
