"""The fleet: how each device is, its tags, sessions, health, what happened, alerts and notifications.

Revision ID: 0003_fleet
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_fleet"
down_revision = "0002_devices"
branch_labels = None
depends_on = None

_OPEN = sa.text("cleared_at IS NULL")


def upgrade() -> None:
    """Make the tables."""
    _make_device_live()
    _make_device_tags()
    _make_device_sessions()
    _make_device_health()
    _make_device_events()
    _make_alert_settings()
    _make_alerts()
    _make_notification_targets()
    _make_notifications()


def _make_device_live() -> None:
    op.create_table(
        "device_live",
        sa.Column("device_id", sa.String(128), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("hostname", sa.String(128), nullable=False),
        sa.Column("model", sa.String(256)),
        sa.Column("os", sa.String(256), nullable=False),
        sa.Column("arch", sa.String(256), nullable=False),
        sa.Column("cpus", sa.Integer(), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("allows", sa.JSON(none_as_null=True)),
        sa.Column("rollback_version", sa.String(128)),
        sa.Column("rollback_reason", sa.Text()),
        sa.Column("rollback_at", sa.DateTime(timezone=True)),
        sa.Column("health_at", sa.DateTime(timezone=True)),
        sa.Column("cpu_percent", sa.Float()),
        sa.Column("ram_used_bytes", sa.BigInteger()),
        sa.Column("ram_total_bytes", sa.BigInteger()),
        sa.Column("disk_used_bytes", sa.BigInteger()),
        sa.Column("disk_total_bytes", sa.BigInteger()),
        sa.Column("uptime_seconds", sa.BigInteger()),
        sa.Column("temperature_celsius", sa.Float()),
        sa.Column("throttled", sa.Boolean()),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("working", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name="pk_device_live"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name="fk_device_live_device_id_devices", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_device_live_last_seen_at_device_id", "device_live", ["last_seen_at", "device_id"])
    op.create_index("ix_device_live_online_since", "device_live", ["online", "since"])


def _make_device_tags() -> None:
    op.create_table(
        "device_tags",
        sa.Column("device_id", sa.String(128), nullable=False),
        sa.Column("tag", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "tag", name="pk_device_tags"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name="fk_device_tags_device_id_devices", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_device_tags_tag_device_id", "device_tags", ["tag", "device_id"])


def _make_device_sessions() -> None:
    op.create_table(
        "device_sessions",
        sa.Column("device_id", sa.String(128), nullable=False),
        sa.Column("session_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("agent", sa.String(128)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("title", sa.String(1024), nullable=False),
        sa.Column("workdir", sa.Text()),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "session_id", name="pk_device_sessions"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name="fk_device_sessions_device_id_devices", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_device_sessions_status_device_id", "device_sessions", ["status", "device_id"])


def _make_device_health() -> None:
    op.create_table(
        "device_health",
        sa.Column("device_id", sa.String(128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cpu_percent", sa.REAL(), nullable=False),
        sa.Column("ram_percent", sa.REAL(), nullable=False),
        sa.Column("disk_percent", sa.REAL(), nullable=False),
        sa.Column("temperature_celsius", sa.REAL()),
        sa.Column("throttled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "at", name="pk_device_health"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name="fk_device_health_device_id_devices", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )


def _make_device_events() -> None:
    op.create_table(
        "device_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer()),
        sa.Column("device_id", sa.String(128)),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device_events"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_device_events_organisation_id_organisations",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name="fk_device_events_group_id_groups", ondelete="SET NULL"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_device_events_at", "device_events", ["at"])
    op.create_index("ix_device_events_device_id_id", "device_events", ["device_id", "id"])
    op.create_index("ix_device_events_organisation_id_id", "device_events", ["organisation_id", "id"])


def _make_alert_settings() -> None:
    op.create_table(
        "alert_settings",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("thresholds", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name="pk_alert_settings"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name="fk_alert_settings_group_id_groups", ondelete="CASCADE"
        ),
    )


def _make_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer()),
        sa.Column("device_id", sa.String(128)),
        sa.Column("about", sa.String(128), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_alerts_organisation_id_organisations",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_alerts_group_id_groups", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_alerts_device_id_devices", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alerts_about_rule_subject_cleared_at", "alerts", ["about", "rule", "subject", "cleared_at"])
    op.create_index("ix_alerts_device_id_id", "alerts", ["device_id", "id"])
    op.create_index("ix_alerts_organisation_id_id", "alerts", ["organisation_id", "id"])
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["about", "rule", "subject"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def _make_notification_targets() -> None:
    op.create_table(
        "notification_targets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer()),
        sa.Column("person_id", sa.Integer()),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("critical_only", sa.Boolean(), nullable=False),
        sa.Column("tells_cleared", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.Integer()),
        sa.Column("quiet_to", sa.Integer()),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("quiet_for_critical", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sent_at", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.String(256)),
        sa.PrimaryKeyConstraint("id", name="pk_notification_targets"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_notification_targets_organisation_id_organisations",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name="fk_notification_targets_group_id_groups", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_notification_targets_person_id_people", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notification_targets_organisation_id", "notification_targets", ["organisation_id"])


def _make_notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(256)),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name="fk_notifications_alert_id_alerts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["notification_targets.id"],
            name="fk_notifications_target_id_notification_targets",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("alert_id", "target_id", "kind", name="uq_notifications_alert_id_target_id_kind"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notifications_state_due_at", "notifications", ["state", "due_at"])
    op.create_index("ix_notifications_target_id", "notifications", ["target_id"])
