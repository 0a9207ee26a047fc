"""What somebody may do where, worked out once for each login and asked for by every route, list and stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import sqlalchemy as sa

from hub.people.roles import Role, least, most


@dataclass(frozen=True, slots=True)
class Place:
    """A group and the organisation it belongs to."""

    organisation_id: int
    group_id: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody has at least some role: whole organisations, and single groups beside them."""

    organisations: frozenset[int]
    groups: frozenset[int]

    def covers(self, organisation_id: int | None, group_id: int | None) -> bool:
        """Whether something of this organisation and group is within reach."""
        return organisation_id in self.organisations or group_id in self.groups

    def clause(
        self, organisation_id: sa.ColumnElement[int], group_id: sa.ColumnElement[int] | None = None
    ) -> sa.ColumnElement[bool]:
        """The same as :meth:`covers` for a WHERE: the columns that say where a row belongs."""
        whole = organisation_id.in_(sorted(self.organisations))
        return whole if group_id is None else sa.or_(whole, group_id.in_(sorted(self.groups)))


def _nothing() -> Mapping[int, Role]:
    return MappingProxyType({})


def _nowhere() -> Mapping[Place, Role]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Grants:
    """Roles in whole organisations and in single groups. Never changed: a new membership makes new grants."""

    organisations: Mapping[int, Role] = field(default_factory=_nothing)
    places: Mapping[Place, Role] = field(default_factory=_nowhere)
    administration: Role | None = None
    """The role in running the hub itself; it opens no organisation."""

    def role_for(self, group_id: int | None, organisation_id: int) -> Role | None:
        """The role in a group, or in the organisation as a whole where ``group_id`` is None; None for no role."""
        whole = self.organisations.get(organisation_id)
        if group_id is None:
            return whole
        return most(whole, self.places.get(Place(organisation_id, group_id)))

    def sees(self, organisation_id: int) -> bool:
        """Whether they may know that the organisation is there: with a role in it or in any of its groups."""
        return organisation_id in self.organisations or any(
            place.organisation_id == organisation_id for place in self.places
        )

    def seen_organisations(self) -> frozenset[int]:
        """The organisations they may know of."""
        return frozenset(self.organisations) | {place.organisation_id for place in self.places}

    def groups(self, role: Role = Role.VIEWER) -> Reach:
        """Where they have at least ``role``."""
        return Reach(
            frozenset(number for number, held in self.organisations.items() if held.may(role)),
            frozenset(place.group_id for place, held in self.places.items() if held.may(role)),
        )

    def capped(self, role: Role | None, places: Iterable[Place] | None) -> Grants:
        """What is left for a token that may at most ``role``, and only in ``places`` unless that is None.

        A token for single groups has no part in running the hub, nor in an organisation as a whole.
        """
        if places is None:
            return Grants(
                {number: least(held, role) for number, held in self.organisations.items()},
                {place: least(held, role) for place, held in self.places.items()},
                None if self.administration is None else least(self.administration, role),
            )
        held = {place: self.role_for(place.group_id, place.organisation_id) for place in places}
        return Grants({}, {place: least(mine, role) for place, mine in held.items() if mine is not None})
