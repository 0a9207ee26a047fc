"""From the settings to the limits of the parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hub.config import HubSettings
from hub.fleet.service import Keep
from hub.routing.limits import RoutingLimits


def keep_of(settings: HubSettings) -> Keep:
    """How long the fleet keeps what it hears."""
    return Keep(health=timedelta(days=settings.health_days), events=timedelta(days=settings.event_days))


def routing_limits_of(settings: HubSettings) -> RoutingLimits:
    """How much devices and viewers may ask, and how long a device may be silent."""
    usual = RoutingLimits()
    return replace(
        usual,
        session=replace(usual.session, bytes_per_second=settings.output_bytes_per_second),
        viewers_per_session=settings.max_viewers,
        silent_after=settings.silent_seconds,
        grace=settings.grace_seconds,
    )
