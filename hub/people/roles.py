"""The roles on a hub."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Viewers look, operators work, owners decide who else may. Each may do what the one before may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"

    def may(self, needed: Role) -> bool:
        """Whether this role includes another."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


def least(one: Role, other: Role | None) -> Role:
    """The smaller of two roles; None does not limit."""
    return one if other is None or other.may(one) else other


def most(one: Role | None, other: Role | None) -> Role | None:
    """The greater of two roles, None for neither."""
    if one is None or other is None:
        return one or other
    return one if one.may(other) else other
