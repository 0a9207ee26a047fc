"""Rollouts."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Handler, Route
from hub.people.roles import Role
from hub.web.api import rollouts
from hub.web.api.models import rollouts as models
from hub.web.security.scopes import HUB_SCOPE

ROLLOUT_SCOPE: Final = "rollout"
_SMALL: Final = 16 * 1024


def _move(word: str, handler: Handler, role: Role, summary: str) -> Route[Role]:
    return Route(
        "POST",
        f"/api/rollouts/{{rollout_id}}/{word}",
        handler,
        role,
        summary,
        f"rollout.{word}",
        answer=models.RolloutAnswer,
        max_body=_SMALL,
        scope=ROLLOUT_SCOPE,
    )


ROLLOUT_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/rollouts",
        rollouts.list_rollouts,
        Role.VIEWER,
        "List rollouts",
        query=models.RolloutsQuery,
        answer=models.RolloutsAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "POST",
        "/api/groups/{group_id}/rollouts",
        rollouts.propose,
        Role.OPERATOR,
        "Propose a rollout",
        "rollout.propose",
        body=models.NewRollout,
        answer=models.RolloutAnswer,
        status=201,
        max_body=_SMALL,
        scope="group",
    ),
    Route(
        "GET",
        "/api/rollouts/{rollout_id}",
        rollouts.show,
        Role.VIEWER,
        "Show a rollout",
        answer=models.RolloutAnswer,
        scope=ROLLOUT_SCOPE,
    ),
    Route(
        "GET",
        "/api/rollouts/{rollout_id}/targets",
        rollouts.targets,
        Role.VIEWER,
        "List the devices of a rollout",
        query=models.TargetsQuery,
        answer=models.TargetsAnswer,
        scope=ROLLOUT_SCOPE,
    ),
    _move("approve", rollouts.approve, Role.OWNER, "Approve a rollout"),
    _move("pause", rollouts.pause, Role.OPERATOR, "Pause a rollout"),
    _move("resume", rollouts.resume, Role.OWNER, "Resume a rollout"),
    _move("halt", rollouts.halt, Role.OPERATOR, "Halt a rollout"),
    _move("cancel", rollouts.cancel, Role.OWNER, "Cancel a rollout"),
    Route(
        "POST",
        "/api/rollouts/{rollout_id}/retry",
        rollouts.retry,
        Role.OPERATOR,
        "Retry failed devices of a rollout",
        "rollout.retry",
        body=models.Retry,
        answer=models.RolloutAnswer,
        max_body=_SMALL,
        scope=ROLLOUT_SCOPE,
    ),
]
"""Who works with a group proposes, pauses and retries; who owns it approves, resumes and cancels."""
