"""Who of the hub sees a device's own pages, and as what: what the tunnel asks the people about."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from aiohttp import web

from foundation.web.routing import Route
from foundation.web.security.secrets import uses_cookie
from foundation.web.streams.live import LIVE
from hub.people.roles import Role
from hub.tunnel.routes import tunnel_routes
from hub.tunnel.visitor import DeviceRole, Visitor
from hub.web.context import identity_of
from hub.web.security.devices import DEVICE_ROW
from protocol.problems import Problem, ProblemCode

DEVICE_PAGE_ROUTES: Final[list[Route[Role]]] = tunnel_routes(Role.VIEWER)

_ROLES: Final[dict[Role, DeviceRole]] = {
    Role.OWNER: "admin",
    Role.OPERATOR: "operator",
    Role.VIEWER: "viewer",
}


class PeopleAccess:
    """A :class:`hub.tunnel.visitor.Access`. Logins end what stands on them, and so do changed grants (``LIVE``)."""

    def visitor(self, request: web.Request, device_id: str) -> Visitor:
        """Who sends the request, with the role they have in the device's group. Raises Problem."""
        identity, row = identity_of(request), request[DEVICE_ROW]
        role = identity.grants.role_for(row.group_id, row.organisation_id)
        if role is None or row.id != device_id:
            raise Problem(
                ProblemCode.NOT_FOUND, "There is no such device, or it is not yours. Choose one from the list."
            )
        return Visitor(
            person_id=str(identity.person.id),
            name=identity.person.name,
            role=_ROLES[role],
            login_id=str(identity.token.id),
            by_cookie=uses_cookie(request),
        )

    def watch(self, request: web.Request, device_id: str, end: Callable[[], None]) -> AbstractContextManager[None]:
        """Ends with the login, with its time, and when its grants become others. Raises Problem TOO_MANY."""
        del device_id
        token = identity_of(request).token
        return request.app[LIVE].watch(token.id, token.expires_at, lambda _: end())
