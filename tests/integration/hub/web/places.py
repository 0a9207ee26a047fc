"""What the routes' scopes lead to in the tests that ask every route as everybody.

Whoever brings a scope adds a line to PLACES: how to make such a thing in a group, and what stands for it in a path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.integration.hub.rig import Rig


@dataclass(frozen=True)
class Ground:
    """Where things are made."""

    organisation_id: int
    group_id: int


@dataclass(frozen=True)
class PlaceOf:
    """One scope."""

    scope: str
    whole: bool
    """Whether it belongs to the organisation as a whole, and not to a group."""
    make: Callable[[Rig, Ground], Awaitable[dict[str, str]]]
    """Makes one; the answer is what stands for the parts of a path."""


async def _organisation(_rig: Rig, ground: Ground) -> dict[str, str]:
    return {"organisation_id": str(ground.organisation_id)}


async def _group(_rig: Rig, ground: Ground) -> dict[str, str]:
    return {"group_id": str(ground.group_id)}


PLACES = (PlaceOf("organisation", True, _organisation), PlaceOf("group", False, _group))
