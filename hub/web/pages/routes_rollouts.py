"""The pages of rollouts."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Handler, Route
from hub.people.roles import Role
from hub.web.pages import new_rollout, rollout, rollouts
from hub.web.pages.rows import OPERATOR, OWNER, form, page

_SCOPE: Final = "rollout"
_ROLLOUT: Final = "/rollouts/{rollout_id}"
_PART: Final = "/parts/rollouts/{rollout_id}"


def _move(word: str, handler: Handler, role: Role, summary: str) -> Route[Role]:
    return form(f"{_ROLLOUT}/{word}", handler, summary, f"rollout.{word}", role=role, scope=_SCOPE)


ROLLOUT_PAGES: Final[list[Route[Role]]] = [
    page("/rollouts", rollouts.rollouts_page, "Rollouts"),
    page("/parts/rollouts", rollouts.rollouts_part, "The rollouts alone"),
    page("/rollouts/new", new_rollout.new_rollout_page, "Propose a rollout"),
    form("/rollouts", new_rollout.propose, "Propose a rollout", "rollout.propose"),
    page(_ROLLOUT, rollout.rollout_page, "A rollout", scope=_SCOPE),
    page(f"{_PART}/progress", rollout.progress_part, "How a rollout stands, alone", scope=_SCOPE),
    page(f"{_PART}/targets", rollout.targets_part, "The devices of a rollout alone", scope=_SCOPE),
    _move("approve", rollout.approve, OWNER, "Approve a rollout"),
    _move("pause", rollout.pause, OPERATOR, "Pause a rollout"),
    _move("resume", rollout.resume, OWNER, "Resume a rollout"),
    _move("halt", rollout.halt, OPERATOR, "Halt a rollout"),
    _move("cancel", rollout.cancel, OWNER, "Cancel a rollout"),
    _move("retry", rollout.retry, OPERATOR, "Retry failed devices of a rollout"),
]
