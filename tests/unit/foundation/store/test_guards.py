from __future__ import annotations

import pytest

from foundation.store.guards import audit_guards
from gateway.store.migrations.versions.v0001_first_schema import GUARDS


def words(statements: tuple[str, ...]) -> list[list[str]]:
    return [statement.split() for statement in statements]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_they_are_what_the_first_schema_of_a_device_has(dialect: str) -> None:
    assert words(audit_guards(dialect)) == words(GUARDS[dialect])
