"""What the routes' scopes lead to in the tests that ask every route as everybody.

Whoever brings a scope adds a line to PLACES: how to make such a thing in a group, and what stands for it in a path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from hub.enrolment.batches import NewBatch
from hub.fleet.alerts.types import Place, Raise
from hub.fleet.notify.targets import Whose, Wishes
from hub.rollouts.types import Proposal, Release
from hub.store.tables.devices import devices
from tests.integration.hub.rig import Rig

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


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


async def _device(rig: Rig, ground: Ground) -> dict[str, str]:
    row = {
        "id": "gw-1",
        "organisation_id": ground.organisation_id,
        "group_id": ground.group_id,
        "name": "attic",
        "state": "active",
        "created_at": NOW,
        "claimed_by": "ann",
    }
    async with rig.world.store.begin() as connection:
        await connection.execute(sa.insert(devices).values(row))
    return {"device_id": "gw-1"}


async def _batch(rig: Rig, ground: Ground) -> dict[str, str]:
    wish = NewBatch(ground.group_id, "pis", 10, NOW + timedelta(days=1), "ann")
    batch, _ = await rig.hub.enrolment.batches.add(wish)
    return {"batch_id": str(batch.id)}


async def _alert(rig: Rig, ground: Ground) -> dict[str, str]:
    place = Place("gw-1", "attic", ground.organisation_id, ground.group_id, "gw-1")
    alert = await rig.hub.fleet.alerts.raise_(place, Raise("disk", "", "warning", "A disk is nearly full."))
    assert alert is not None
    return {"alert_id": str(alert.id)}


async def _target(rig: Rig, ground: Ground) -> dict[str, str]:
    wishes = Wishes("chat", (), False, True, None, None, "UTC", False)
    whose = Whose(ground.organisation_id, ground.group_id, None)
    target = await rig.hub.fleet.targets.add(whose, wishes, "json://127.0.0.1:9/")
    return {"target_id": str(target.id)}


async def _rollout(rig: Rig, ground: Ground) -> dict[str, str]:
    release = Release(url="https://hub.example/hutch.raucb", sha256="0f" * 32, version="1.1.0")
    step = await rig.hub.rollouts.propose(Proposal(release=release, group_id=ground.group_id), "ann")
    return {"rollout_id": str(step.rollout.id)}


PLACES = (
    PlaceOf("organisation", True, _organisation),
    PlaceOf("group", False, _group),
    PlaceOf("device", False, _device),
    PlaceOf("batch", False, _batch),
    PlaceOf("alert", False, _alert),
    PlaceOf("target", False, _target),
    PlaceOf("rollout", False, _rollout),
)
