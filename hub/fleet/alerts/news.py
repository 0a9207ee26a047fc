"""The events that tell of an alert."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from hub.events import AlertAcknowledged, AlertCleared, AlertEventBase, AlertRaised
from hub.fleet.alerts.types import Alert

E = TypeVar("E", bound=AlertEventBase)


def raised(alert: Alert, at: datetime) -> AlertRaised:
    """It is new, or back."""
    return _event(AlertRaised, alert, at, severity=alert.severity, text=alert.text)


def cleared(alert: Alert, at: datetime) -> AlertCleared:
    """It is over."""
    return _event(AlertCleared, alert, at)


def acknowledged(alert: Alert, at: datetime, by: str) -> AlertAcknowledged:
    """Somebody takes care."""
    return _event(AlertAcknowledged, alert, at, by=by)


def _event(kind: type[E], alert: Alert, at: datetime, **more: str) -> E:
    shared = {
        "at": at,
        "organisation_id": alert.organisation_id,
        "group_id": alert.group_id,
        "alert_id": alert.id,
        "about": alert.about,
        "device_id": alert.device_id,
        "name": alert.name,
        "rule": alert.rule,
        "subject": alert.subject,
    }
    return kind.model_validate({**shared, **more})
