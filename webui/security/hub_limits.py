"""What nobody does on a device by way of its hub, whatever role the hub gives them.

The owner of a device decides what the hub may do. Pages must not be a way around that, and not a way to change it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from foundation.web.context import VISIT
from foundation.web.routing import AnyRoute
from foundation.web.security.origins import SAFE_METHODS
from protocol.events import Permission
from protocol.problems import Problem, ProblemCode
from webui.context import device_of


@dataclass(frozen=True, slots=True)
class Limit:
    """Routes below a path. ``permission`` None: never by way of the hub. ``changes``: only what changes something."""

    path: str
    permission: Permission | None
    changes: bool = False


LIMITS: Final = (
    Limit("/api/setup", None),
    Limit("/api/auth", None, changes=True),
    Limit("/api/people", None),
    Limit("/api/tokens", None),
    Limit("/api/hub", None, changes=True),
    Limit("/setup", None),
    Limit("/login", None),
    Limit("/logout", None),
    Limit("/settings/account", None),
    Limit("/settings/people", None),
    Limit("/settings/tokens", None),
    Limit("/settings/hub", None, changes=True),
    # Not the support bundle: it holds no secret, and /api/support is another path.
    Limit("/api/care", None),
    Limit("/settings/care", None, changes=True),
    Limit("/parts/care", None),
    Limit("/settings/notifications", None),
    Limit("/api/notifications", None),
    Limit("/api/sessions", "terminals"),
    Limit("/sessions", "terminals"),
    *(
        Limit(path, "terminals")
        for path in (
            *("/api/conversations", "/api/permissions", "/api/search", "/api/workers"),
            *("/conversations", "/parts/conversations", "/permissions", "/workers"),
        )
    ),
    Limit("/api/files", "files"),
    Limit("/api/workspaces", "files"),
    Limit("/files", "files"),
    Limit("/parts/files", "files"),
    Limit("/api/ssh-keys", "keys"),
    Limit("/settings/keys", "keys"),
    Limit("/api/agents", "agents", changes=True),
    Limit("/settings/agents", "agents", changes=True),
    Limit("/api/updates", "update", changes=True),
    Limit("/settings/updates", "update", changes=True),
    # A login runs in a terminal, and who sees its address may lead it to an account of theirs.
    Limit("/api/agents/{name}/login", "agents"),
    Limit("/api/agents/{name}/login", "terminals"),
    Limit("/settings/agents/{name}/login", "terminals"),
)


def check_limits(route: AnyRoute, may: Callable[[Permission], bool]) -> None:
    """Raises Problem FORBIDDEN for a route that the hub's people must not call on this device."""
    for limit in LIMITS:
        if not _concerns(limit, route):
            continue
        if limit.permission is None:
            raise Problem(
                ProblemCode.FORBIDDEN,
                "This is not done by way of the hub. Open the device's own page and log in there.",
            )
        if not may(limit.permission):
            raise Problem(
                ProblemCode.FORBIDDEN,
                f"The owner of this device does not let the hub do this ({limit.permission}). It is set on the "
                "device's own page, under Settings, Hub.",
                {"permission": limit.permission},
            )


def shows(request: web.Request, *permissions: Permission) -> bool:
    """Whether who asks may be shown what needs these: somebody of the hub only what the device's owner lets it do."""
    door = device_of(request).hub_door
    return request[VISIT] is None or (door is not None and all(door.may(each) for each in permissions))


def is_shut(path: str) -> bool:
    """Whether a page is never shown by way of the hub."""
    return any(limit.permission is None and not limit.changes and _below(limit, path) for limit in LIMITS)


def _concerns(limit: Limit, route: AnyRoute) -> bool:
    return _below(limit, route.path) and not (limit.changes and route.method in SAFE_METHODS)


def _below(limit: Limit, path: str) -> bool:
    return path == limit.path or path.startswith(f"{limit.path}/")
