"""Which role an event is for: one table over all types."""

from __future__ import annotations

from typing import Final

from gateway.accounts.types import Role
from gateway.events.types import AnyEvent

AUDIENCE: Final[dict[str, Role]] = {
    "session.started": Role.VIEWER,
    "session.changed": Role.VIEWER,
    "session.ended": Role.VIEWER,
    "session.control": Role.VIEWER,
    "device.health": Role.VIEWER,
    "hub.link": Role.VIEWER,
    "hub.policy": Role.VIEWER,
    "file.changed": Role.VIEWER,
    "agent.installed": Role.VIEWER,
    "agent.install_progress": Role.OPERATOR,
    "agent.install_failed": Role.OPERATOR,
    "agent.removed": Role.VIEWER,
    "agent.login": Role.VIEWER,
    "update.changed": Role.VIEWER,
    "care.changed": Role.ADMIN,
    "ssh.changed": Role.ADMIN,
    "people.changed": Role.ADMIN,
    "conversation.created": Role.VIEWER,
    "conversation.changed": Role.VIEWER,
    "conversation.removed": Role.VIEWER,
    "conversation.commands": Role.VIEWER,
    "turn.started": Role.VIEWER,
    "turn.ended": Role.VIEWER,
    "permission.asked": Role.VIEWER,
    "permission.answered": Role.VIEWER,
    "message.added": Role.VIEWER,
    "message.part": Role.VIEWER,
    "message.delta": Role.VIEWER,
    "message.completed": Role.VIEWER,
}
"""The least role that sees events of a type; a type that is missing here is seen by admins only."""


def may_see(role: Role, event: AnyEvent) -> bool:
    """Whether somebody with ``role`` is told of ``event``."""
    return role.may(AUDIENCE.get(event.type, Role.ADMIN))
