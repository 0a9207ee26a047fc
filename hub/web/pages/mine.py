"""What of the fleet somebody may see, and how its groups are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from aiohttp import web

from hub.people.roles import Role
from hub.people.types import Group
from hub.store.tables.devices import devices
from hub.web.context import hub_of, identity_of


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A group as a list names it: with its organisation where the reader knows several."""

    id: int
    organisation_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups somebody sees."""

    choices: Sequence[GroupChoice]

    @property
    def names(self) -> Mapping[int, str]:
        """What each is called."""
        return {choice.id: choice.name for choice in self.choices}

    def options(self) -> list[tuple[str, str]]:
        """The same for a select."""
        return [(str(choice.id), choice.name) for choice in self.choices]

    def may(self, request: web.Request, role: Role) -> Groups:
        """Those in which somebody has at least ``role``."""
        grants = identity_of(request).grants
        held = [(choice, grants.role_for(choice.id, choice.organisation_id)) for choice in self.choices]
        return Groups([choice for choice, mine in held if mine is not None and mine.may(role)])

    def of(self, organisation_id: int) -> Groups:
        """Those of one organisation."""
        return Groups([choice for choice in self.choices if choice.organisation_id == organisation_id])


def my_devices(request: web.Request, role: Role = Role.VIEWER) -> sa.ColumnElement[bool]:
    """The rows of ``devices`` for which somebody has at least ``role``."""
    return identity_of(request).grants.groups(role).clause(devices.c.organisation_id, devices.c.group_id)


async def up_to_date(request: web.Request) -> None:
    """Have the store know what this node has told of: a page that an event made read again must not find it old."""
    await hub_of(request).fleet.writer.flush(everything=True)


async def my_groups(request: web.Request) -> Groups:
    """The groups this person sees, by name."""
    people, grants = hub_of(request).people, identity_of(request).grants
    organisations = {one.id: one.name for one in await people.organisations.seen(grants)}
    found = await people.organisations.groups(grants)
    choices = [_choice(group, organisations) for group in found]
    return Groups(sorted(choices, key=lambda choice: choice.name.lower()))


def _choice(group: Group, organisations: Mapping[int, str]) -> GroupChoice:
    several = len(organisations) > 1
    name = f"{organisations.get(group.organisation_id, '')} · {group.name}" if several else group.name
    return GroupChoice(group.id, group.organisation_id, name)
