"""Who is behind a request, whether that is enough for a route, and the audit record of what they did."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from foundation.actors import Actor
from foundation.store.audit import AuditLog
from foundation.web.context import VISIT, AuditNote, Login
from foundation.web.routing import AnyRoute
from foundation.web.security.secrets import LONGEST, shown_secret
from gateway.accounts.accounts import Accounts
from gateway.accounts.types import Identity, Role
from protocol.problems import Problem, ProblemCode
from webui.context import actor_of
from webui.security.console import console_identity
from webui.security.hub_door import HubDoor
from webui.security.hub_limits import check_limits


class DeviceAuthority:
    """The accounts of a device, and its audit log."""

    def __init__(self, accounts: Accounts, audit: AuditLog, *, console: Path | None, door: HubDoor | None) -> None:
        self._accounts = accounts
        self._audit = audit
        self._console = console
        self._door = door

    async def identify(self, request: web.Request) -> Identity | None:
        """Who shows a valid bearer token or login cookie, or comes over the device's own socket; None for others."""
        secret = shown_secret(request)
        if not secret:
            return console_identity(request, self._console)
        if len(secret) > LONGEST:
            return None
        return await self._accounts.authenticate(secret)

    async def admit(self, request: web.Request, route: AnyRoute, login: Login | None) -> None:
        """Raises :class:`Problem` SETUP_NEEDED, NOT_LOGGED_IN or FORBIDDEN when the route's role is not met."""
        if request[VISIT] is not None and self._door is not None:
            check_limits(route, self._door.may)
        if route.role is None:
            return
        if not isinstance(login, Identity):
            if await self._accounts.needs_setup():
                raise Problem(ProblemCode.SETUP_NEEDED, "Nobody owns this device yet. Open /setup with the setup code.")
            raise Problem(ProblemCode.NOT_LOGGED_IN, "Log in first.")
        needed = Role(route.role)
        if not login.person.role.may(needed):
            raise Problem(
                ProblemCode.FORBIDDEN,
                f"This needs the role {needed.value}; yours is {login.person.role.value}. Ask an admin.",
                {"needed": needed.value},
            )

    async def record(self, request: web.Request, route: AnyRoute, result: str, note: AuditNote) -> None:
        """One line of the audit log."""
        if route.audit is None:
            return
        actor = actor_of(request)
        if note.who is not None:
            actor = Actor(name=note.who, source=actor.source)
        await self._audit.record(actor, route.audit, note.target or "", result, note.details or None)
