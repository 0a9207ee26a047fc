"""The triggers that keep a table ``audit`` append-only, for the migration that makes it.

Released migrations run these statements: what they do may not change. A test holds them to the device's first schema.
"""

from __future__ import annotations

_SQLITE = (
    """CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    # An INSERT OR REPLACE would remove a row without any DELETE trigger being asked.
    """CREATE TRIGGER audit_refuses_replace BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    # No row in settings means no retention, and then nothing goes.
    """CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
    WHEN NOT coalesce(
        julianday('now') - julianday(OLD.at)
        >= (SELECT CAST(value AS REAL) FROM settings WHERE name = 'audit.keep_seconds') / 86400.0,
        0)
    BEGIN SELECT RAISE(ABORT, 'the audit log keeps entries until their retention is over'); END""",
)
_POSTGRESQL = (
    """CREATE FUNCTION audit_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    """CREATE FUNCTION audit_refuses_delete() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF coalesce(extract(epoch FROM clock_timestamp() - OLD.at)
            >= (SELECT value::text::float FROM settings WHERE name = 'audit.keep_seconds'), false)
        THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'the audit log keeps entries until their retention is over'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    """CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_refuses_change()""",
    """CREATE TRIGGER audit_refuses_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses_change()""",
    """CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_refuses_delete()""",
)


def audit_guards(dialect: str) -> tuple[str, ...]:
    """The statements for ``sqlite`` or ``postgresql``, in order; the store needs its ``settings`` table too."""
    return {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[dialect]
