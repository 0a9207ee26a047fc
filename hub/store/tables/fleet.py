"""What the fleet keeps: how each device is, its tags, sessions, health, what happened, alerts and notifications."""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.tables import UtcDateTime
from hub.store.tables.metadata import METADATA

DEVICE_ID = sa.String(128)
_OPEN = sa.text("cleared_at IS NULL")


def _of_device(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "device_id",
        DEVICE_ID,
        sa.ForeignKey("devices.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


device_live = sa.Table(
    "device_live",
    METADATA,
    _of_device(primary_key=True),
    sa.Column("online", sa.Boolean, nullable=False),
    sa.Column("node", sa.String(64), nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("last_seen_at", UtcDateTime, nullable=False),
    sa.Column("version", sa.String(128), nullable=False),
    sa.Column("hostname", sa.String(128), nullable=False),
    sa.Column("model", sa.String(256)),
    sa.Column("os", sa.String(256), nullable=False),
    sa.Column("arch", sa.String(256), nullable=False),
    sa.Column("cpus", sa.Integer, nullable=False),
    sa.Column("features", sa.JSON, nullable=False),
    sa.Column("allows", sa.JSON(none_as_null=True)),
    sa.Column("rollback_version", sa.String(128)),
    sa.Column("rollback_reason", sa.Text),
    sa.Column("rollback_at", UtcDateTime),
    sa.Column("health_at", UtcDateTime),
    sa.Column("cpu_percent", sa.Float),
    sa.Column("ram_used_bytes", sa.BigInteger),
    sa.Column("ram_total_bytes", sa.BigInteger),
    sa.Column("disk_used_bytes", sa.BigInteger),
    sa.Column("disk_total_bytes", sa.BigInteger),
    sa.Column("uptime_seconds", sa.BigInteger),
    sa.Column("temperature_celsius", sa.Float),
    sa.Column("throttled", sa.Boolean),
    sa.Column("sessions", sa.Integer, nullable=False),
    sa.Column("waiting", sa.Integer, nullable=False),
    sa.Column("working", sa.Integer, nullable=False),
)
"""The last that was heard of a device; a device that never connected has no row. ``node`` is who holds its socket."""
sa.Index("ix_device_live_last_seen_at_device_id", device_live.c.last_seen_at, device_live.c.device_id)
sa.Index("ix_device_live_online_since", device_live.c.online, device_live.c.since)

device_tags = sa.Table(
    "device_tags",
    METADATA,
    _of_device(primary_key=True),
    sa.Column("tag", sa.String(32), primary_key=True),
)
sa.Index("ix_device_tags_tag_device_id", device_tags.c.tag, device_tags.c.device_id)

device_sessions = sa.Table(
    "device_sessions",
    METADATA,
    _of_device(primary_key=True),
    sa.Column("session_id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("agent", sa.String(128)),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("title", sa.String(1024), nullable=False),
    sa.Column("workdir", sa.Text),
    sa.Column("last_activity_at", UtcDateTime, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)
"""Live sessions as of ``seen_at``, which is one moment for all sessions of a device."""
sa.Index("ix_device_sessions_status_device_id", device_sessions.c.status, device_sessions.c.device_id)

device_health = sa.Table(
    "device_health",
    METADATA,
    _of_device(primary_key=True),
    sa.Column("at", UtcDateTime, primary_key=True),
    sa.Column("cpu_percent", sa.REAL, nullable=False),
    sa.Column("ram_percent", sa.REAL, nullable=False),
    sa.Column("disk_percent", sa.REAL, nullable=False),
    sa.Column("temperature_celsius", sa.REAL),
    sa.Column("throttled", sa.Boolean, nullable=False),
    sqlite_with_rowid=False,
)
"""One row for each five minutes of a device. No index but the key: it is read, and pruned, device by device."""

device_events = sa.Table(
    "device_events",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("organisation_id", sa.ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False),
    sa.Column("group_id", sa.ForeignKey("groups.id", ondelete="SET NULL")),
    sa.Column("device_id", DEVICE_ID),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
)
"""What happened, as events; a device that is gone keeps its history until it is too old."""
sa.Index("ix_device_events_device_id_id", device_events.c.device_id, device_events.c.id)
sa.Index("ix_device_events_organisation_id_id", device_events.c.organisation_id, device_events.c.id)

alert_settings = sa.Table(
    "alert_settings",
    METADATA,
    sa.Column("group_id", sa.ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("thresholds", sa.JSON, nullable=False),
)

alerts = sa.Table(
    "alerts",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("organisation_id", sa.ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False),
    sa.Column("group_id", sa.ForeignKey("groups.id", ondelete="SET NULL")),
    sa.Column("device_id", DEVICE_ID, sa.ForeignKey("devices.id", ondelete="CASCADE")),
    sa.Column("about", sa.String(128), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("rule", sa.String(32), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("raised_at", UtcDateTime, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("cleared_at", UtcDateTime),
    sa.Column("acknowledged_at", UtcDateTime),
    sa.Column("acknowledged_by", sa.String(64)),
    sqlite_autoincrement=True,
)
"""``about`` is the device's id, or ``rollout:7``; ``times`` counts how often it came back within its half hour."""
sa.Index(
    "uq_alerts_open",
    alerts.c.about,
    alerts.c.rule,
    alerts.c.subject,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
sa.Index("ix_alerts_about_rule_subject_cleared_at", *(alerts.c[n] for n in ("about", "rule", "subject", "cleared_at")))
sa.Index("ix_alerts_organisation_id_id", alerts.c.organisation_id, alerts.c.id)
sa.Index("ix_alerts_device_id_id", alerts.c.device_id, alerts.c.id)

notification_targets = sa.Table(
    "notification_targets",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("organisation_id", sa.ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("group_id", sa.ForeignKey("groups.id", ondelete="CASCADE")),
    sa.Column("person_id", sa.ForeignKey("people.id", ondelete="CASCADE")),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("rules", sa.JSON, nullable=False),
    sa.Column("critical_only", sa.Boolean, nullable=False),
    sa.Column("tells_cleared", sa.Boolean, nullable=False),
    sa.Column("quiet_from", sa.Integer),
    sa.Column("quiet_to", sa.Integer),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("quiet_for_critical", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_sent_at", UtcDateTime),
    sa.Column("last_error", sa.String(256)),
    sqlite_autoincrement=True,
)
"""Where alerts are told. ``sealed`` is the address, encrypted: it holds passwords. Quiet hours are minutes of a day."""

notifications = sa.Table(
    "notifications",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("alert_id", sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    sa.Column("target_id", sa.ForeignKey("notification_targets.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("error", sa.String(256)),
    sa.UniqueConstraint("alert_id", "target_id", "kind"),
    sqlite_autoincrement=True,
)
"""One row for each alert, target and kind (raised, cleared): who changes its state from ``waiting`` sends it."""
sa.Index("ix_notifications_state_due_at", notifications.c.state, notifications.c.due_at)
