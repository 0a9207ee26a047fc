from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from foundation.store.database import Store
from foundation.store.settings import MAX_VALUE, SettingsTable
from protocol.problems import Problem, ProblemCode


@pytest.fixture
def table(store: Store) -> SettingsTable:
    return SettingsTable(store)


@pytest.mark.parametrize("value", ["", "text", 0, 1.5, True, False, [], [1, {"a": None}], {"b": ["ü"]}])
async def test_comes_back_as_it_was_put(table: SettingsTable, value: JsonValue) -> None:
    assert await table.get("name") is None
    await table.put("name", "before")
    await table.put("name", value)
    assert await table.get("name") == value


async def test_null_is_none(table: SettingsTable) -> None:
    await table.put("name", None)
    assert await table.get("name") is None


@pytest.mark.parametrize("name", ["", "n" * 65])
async def test_refuses_a_name(table: SettingsTable, name: str) -> None:
    with pytest.raises(Problem) as caught:
        await table.put(name, 1)
    assert caught.value.code is ProblemCode.INVALID_REQUEST


async def test_refuses_a_value_that_is_too_big(table: SettingsTable) -> None:
    await table.put("fits", "x" * (MAX_VALUE - 2))
    with pytest.raises(Problem) as caught:
        await table.put("big", "x" * (MAX_VALUE - 1))
    assert caught.value.code is ProblemCode.TOO_LARGE
    assert await table.get("big") is None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5))
async def test_any_json_comes_back(table: SettingsTable, value: JsonValue) -> None:
    await table.put("any", value)
    assert await table.get("any") == value
