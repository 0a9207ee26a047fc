"""Alerts, and where they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from foundation.web.models import NO_CONTROLS, Answer, Body, Number
from hub.events import Severity
from hub.fleet.alerts.rules import BY_NAME
from hub.fleet.alerts.types import Alert
from hub.fleet.notify.kinds import KINDS, MAX_ADDRESS
from hub.fleet.notify.targets import Target, Wishes
from hub.fleet.notify.timing import MINUTES_A_DAY
from hub.web.api.models.fleet import DeviceId


class AlertsQuery(Body):
    """Which alerts to list."""

    open: bool = Field(True, description="Only those that are not over.")
    device: DeviceId | None = None
    before: Number | None = Field(None, description="Only those raised before the one of this number.")
    limit: int = Field(50, ge=1, le=200)


class AlertAnswer(Answer):
    """Something that needs, or needed, a look."""

    id: int
    organisation_id: int
    group_id: int | None
    device_id: str | None
    about: str = Field(description="The device's id, or rollout:7.")
    name: str
    rule: str
    subject: str = Field(description="What of the device it is about: a session's id, or nothing.")
    severity: Severity
    text: str
    raised_at: datetime
    times: int = Field(description="How often it came back within its half hour, counted from 1.")
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None

    @classmethod
    def of(cls, alert: Alert) -> AlertAnswer:
        """The answer that shows an alert."""
        return cls.model_validate(alert, from_attributes=True)


class AlertsAnswer(Answer):
    """Alerts, newest first."""

    alerts: list[AlertAnswer]


def _rules(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise ValueError(f"name rules out of: {', '.join(BY_NAME)}")
    return names


Minute = Annotated[int, Field(ge=0, lt=MINUTES_A_DAY)]
TargetName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=NO_CONTROLS)]


class WishesBody(Body):
    """What a target wants to be told, and when."""

    name: TargetName
    rules: Annotated[tuple[str, ...], AfterValidator(_rules)] = Field((), max_length=32, description="Empty for all.")
    critical_only: bool = False
    tells_cleared: bool = True
    quiet_from: Minute | None = Field(None, description="Quiet hours begin, as a minute of the day (22:00 is 1320).")
    quiet_to: Minute | None = Field(None, description="Quiet hours end, as a minute of the day.")
    timezone: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")] = "UTC"
    quiet_for_critical: bool = Field(False, description="Whether critical alerts wait, too.")

    @model_validator(mode="after")
    def _both(self) -> WishesBody:
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("quiet_from and quiet_to belong together: send both or neither")
        return self

    def wishes(self) -> Wishes:
        """The wishes as a value."""
        return Wishes(
            name=self.name,
            rules=self.rules,
            critical_only=self.critical_only,
            tells_cleared=self.tells_cleared,
            quiet_from=self.quiet_from,
            quiet_to=self.quiet_to,
            timezone=self.timezone,
            quiet_for_critical=self.quiet_for_critical,
        )


class NewTarget(WishesBody):
    """A place where alerts are told. The address is kept sealed and not shown again."""

    organisation_id: Number
    group_id: Number | None = Field(None, description="Only alerts of this group.")
    personal: bool = Field(False, description="Yours alone: told of what you may see.")
    address: SecretStr = Field(
        min_length=1, max_length=MAX_ADDRESS, description="e.g. mailtos://user:password@example.org, ntfys://host/topic"
    )


class TargetsQuery(Body):
    """Whose targets to list."""

    organisation_id: Number


class TargetAnswer(Answer):
    """A place where alerts are told."""

    id: int
    organisation_id: int
    group_id: int | None
    personal: bool
    kind: str
    kind_name: str
    name: str
    rules: list[str]
    critical_only: bool
    tells_cleared: bool
    quiet_from: int | None
    quiet_to: int | None
    timezone: str
    quiet_for_critical: bool
    created_at: datetime
    last_sent_at: datetime | None
    last_error: str | None

    @classmethod
    def of(cls, target: Target) -> TargetAnswer:
        """The answer that shows a target, without its address."""
        wishes = target.wishes
        return cls(
            id=target.id,
            organisation_id=target.whose.organisation_id,
            group_id=target.whose.group_id,
            personal=target.whose.person_id is not None,
            kind=target.kind,
            kind_name=KINDS[target.kind].name,
            name=wishes.name,
            rules=list(wishes.rules),
            critical_only=wishes.critical_only,
            tells_cleared=wishes.tells_cleared,
            quiet_from=wishes.quiet_from,
            quiet_to=wishes.quiet_to,
            timezone=wishes.timezone,
            quiet_for_critical=wishes.quiet_for_critical,
            created_at=target.created_at,
            last_sent_at=target.last_sent_at,
            last_error=target.last_error,
        )


class TargetsAnswer(Answer):
    """Where alerts are told."""

    targets: list[TargetAnswer]


class RuleAnswer(Answer):
    """A rule."""

    name: str
    severity: Literal["warning", "critical"]
    summary: str


class RulesAnswer(Answer):
    """Every rule there is."""

    rules: list[RuleAnswer]
