"""What a route's scope names in its path, and the role somebody has there.

A part that brings routes about something of its own brings a :class:`ScopeResolver` for it; the authority asks it
before the handler runs, so no handler has to look whether somebody may.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from foundation.web.parsing import path_number
from hub.people.grants import Grants
from hub.people.organisations import Organisations
from hub.people.roles import Role
from hub.people.types import Group, Organisation

HUB_SCOPE = "hub"
"""Any login."""
ADMINISTRATION = "administration"
"""Those who run the hub itself."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where the thing that a path names belongs."""

    organisation_id: int
    group_id: int | None = None
    """None for what belongs to the organisation as a whole."""
    device_id: str | None = None
    """For the audit log."""


class ScopeResolver(Protocol):
    """Finds what the path of a request names."""

    @property
    def scope(self) -> str:
        """The word in :attr:`Route.scope`, e.g. ``device``."""

    async def resolve(self, request: web.Request) -> Found | None:
        """Where it belongs; None where there is no such thing. May put its row on the request for the handler."""


ORGANISATION: web.RequestKey[Organisation] = web.RequestKey("organisation", Organisation)
"""The organisation that ``{organisation_id}`` names, on routes of that scope."""
GROUP: web.RequestKey[Group] = web.RequestKey("group", Group)
"""The group that ``{group_id}`` names, on routes of that scope."""


class OrganisationScope:
    """``{organisation_id}`` in a path."""

    scope = "organisation"

    def __init__(self, organisations: Organisations) -> None:
        self._organisations = organisations

    async def resolve(self, request: web.Request) -> Found | None:
        """The organisation, put on the request."""
        found = await self._organisations.find(path_number(request, "organisation_id"))
        if found is None:
            return None
        request[ORGANISATION] = found
        return Found(found.id)


class GroupScope:
    """``{group_id}`` in a path."""

    scope = "group"

    def __init__(self, organisations: Organisations) -> None:
        self._organisations = organisations

    async def resolve(self, request: web.Request) -> Found | None:
        """The group, put on the request."""
        found = await self._organisations.find_group(path_number(request, "group_id"))
        if found is None:
            return None
        request[GROUP] = found
        return Found(found.organisation_id, found.id)


class Scopes:
    """The resolvers by their scope; each scope has exactly one."""

    def __init__(self, resolvers: Iterable[ScopeResolver]) -> None:
        self._by_scope: dict[str, ScopeResolver] = {}
        for resolver in resolvers:
            if resolver.scope in self._by_scope or resolver.scope in (HUB_SCOPE, ADMINISTRATION):
                raise ValueError(f"two resolvers for the scope {resolver.scope}")
            self._by_scope[resolver.scope] = resolver

    def of(self, scope: str) -> ScopeResolver:
        """The resolver of a scope. Raises :class:`KeyError` for a route whose part was left out of the bootstrap."""
        return self._by_scope[scope]

    def known(self) -> frozenset[str]:
        """Every scope that a route may name."""
        return frozenset({HUB_SCOPE, ADMINISTRATION, *self._by_scope})


def role_at(grants: Grants, found: Found) -> Role | None:
    """The role somebody has where a thing belongs."""
    return grants.role_for(found.group_id, found.organisation_id)


def may_know(grants: Grants, found: Found) -> bool:
    """Whether somebody may know that the thing is there: without that it is not there for them."""
    if found.group_id is None:
        return grants.sees(found.organisation_id)
    return role_at(grants, found) is not None
