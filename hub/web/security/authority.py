"""Who is behind a request to the hub, whether that is enough for a route, and the audit record of what they did."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from foundation.actors import Actor
from foundation.store.audit import AuditLog
from foundation.web.context import AuditNote, Login
from foundation.web.routing import AnyRoute
from foundation.web.security.secrets import LONGEST, shown_secret
from hub.people.logins import Logins
from hub.people.roles import Role
from hub.people.types import Identity
from hub.web.context import AUDIT_PLACE, AuditPlace, actor_of
from hub.web.security.scopes import ADMINISTRATION, HUB_SCOPE, Scopes, may_know, role_at
from protocol.problems import Problem, ProblemCode

_NOT_THERE: Final = "There is nothing at this address, or it is not yours. Check the address."


class HubAuthority:
    """The people of a hub, the scopes of its routes, and its audit log."""

    def __init__(self, logins: Logins, scopes: Scopes, audit: AuditLog) -> None:
        self._logins = logins
        self._scopes = scopes
        self._audit = audit

    async def identify(self, request: web.Request) -> Identity | None:
        """Who shows a valid bearer token or login cookie; None for others."""
        request[AUDIT_PLACE] = AuditPlace()
        secret = shown_secret(request)
        if not secret or len(secret) > LONGEST:
            return None
        return await self._logins.authenticate(secret)

    async def admit(self, request: web.Request, route: AnyRoute, login: Login | None) -> None:
        """Whether somebody may call a route that has a role.

        Raises :class:`Problem` SETUP_NEEDED, NOT_LOGGED_IN, FORBIDDEN, or NOT_FOUND for what they must not know of.
        """
        if route.role is None:
            return
        if not isinstance(login, Identity):
            if await self._logins.needs_setup():
                raise Problem(ProblemCode.SETUP_NEEDED, "Nobody owns this hub yet. Open /setup with the setup code.")
            raise Problem(ProblemCode.NOT_LOGGED_IN, "Log in first.")
        if route.scope in (None, HUB_SCOPE):
            return
        if route.scope == ADMINISTRATION:
            _check(login.grants.administration, Role(route.role), "the hub itself")
            return
        await self._admit_to(request, str(route.scope), Role(route.role), login)

    async def record(self, request: web.Request, route: AnyRoute, result: str, note: AuditNote) -> None:
        """One line of the audit log, with the organisation and the device it is about."""
        if route.audit is None:
            return
        actor = actor_of(request)
        if note.who is not None:
            actor = Actor(name=note.who, source=actor.source)
        place = request.get(AUDIT_PLACE) or AuditPlace()
        await self._audit.record(
            actor,
            route.audit,
            note.target or "",
            result,
            note.details or None,
            columns={"organisation_id": place.organisation_id, "device_id": place.device_id},
        )

    async def _admit_to(self, request: web.Request, scope: str, needed: Role, login: Identity) -> None:
        found = await self._scopes.of(scope).resolve(request)
        if found is None or not may_know(login.grants, found):
            raise Problem(ProblemCode.NOT_FOUND, _NOT_THERE)
        # Only now: what somebody must not know of does not get into the log of those it belongs to.
        request[AUDIT_PLACE] = AuditPlace(found.organisation_id, found.device_id)
        _check(role_at(login.grants, found), needed, f"this {scope}")


def _check(held: Role | None, needed: Role, where: str) -> None:
    if held is not None and held.may(needed):
        return
    yours = "you have none" if held is None else f"yours is {held.value}"
    raise Problem(
        ProblemCode.FORBIDDEN,
        f"This needs the role {needed.value} in {where}; {yours}. Ask an owner.",
        {"needed": needed.value},
    )
