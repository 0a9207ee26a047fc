from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from pydantic import JsonValue

from gateway.agents.keys import AgentKeys
from protocol.problems import Problem, ProblemCode

KEY = "sk-ant-0123456789abcdefghij"


class Values:
    """A settings table in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, JsonValue] = {}

    async def get(self, name: str) -> JsonValue | None:
        return self.kept.get(name)

    async def put(self, name: str, value: JsonValue) -> None:
        self.kept[name] = value


@pytest.fixture
def values() -> Values:
    return Values()


@pytest.fixture
def keys(tmp_path: Path, values: Values) -> AgentKeys:
    return AgentKeys(values, tmp_path / "secrets.key")


async def test_a_key_comes_back_in_its_variable_and_lies_sealed(
    keys: AgentKeys, values: Values, tmp_path: Path
) -> None:
    assert await keys.environment("claude-code") == {}
    await keys.put("claude-code", KEY)
    assert await keys.environment("claude-code") == {"ANTHROPIC_API_KEY": KEY}
    assert await keys.variable("claude-code") == "ANTHROPIC_API_KEY"
    assert await keys.environment("codex") == {}
    kept = json.dumps(values.kept)
    assert KEY not in kept
    assert "sk-ant" not in kept
    assert stat.S_IMODE((tmp_path / "secrets.key").stat().st_mode) == 0o600
    again = AgentKeys(values, tmp_path / "secrets.key")
    assert await again.environment("claude-code") == {"ANTHROPIC_API_KEY": KEY}


async def test_a_cli_takes_it_in_another_of_its_variables(keys: AgentKeys) -> None:
    await keys.put("opencode", KEY, "OPENROUTER_API_KEY")
    assert await keys.environment("opencode") == {"OPENROUTER_API_KEY": KEY}
    await keys.put("opencode", "another-key")
    assert await keys.environment("opencode") == {"ANTHROPIC_API_KEY": "another-key"}


async def test_a_key_that_is_forgotten_is_gone(keys: AgentKeys, values: Values) -> None:
    await keys.put("gemini", KEY)
    await keys.remove("gemini")
    await keys.remove("gemini")
    assert await keys.environment("gemini") == {}
    assert await keys.variable("gemini") is None
    assert values.kept == {"agent.key.gemini": None}


@pytest.mark.parametrize(
    ("agent", "key", "variable"),
    [
        ("codex", KEY, "LD_PRELOAD"),
        ("codex", KEY, "ANTHROPIC_API_KEY"),
        ("vim", KEY, None),
        ("codex", "short", None),
        ("codex", "with a blank", None),
        ("codex", "line\nbreak-in-it", None),
        ("codex", "ünicode-in-a-key", None),
        ("codex", "x" * 4097, None),
    ],
)
async def test_what_is_no_key_is_refused_and_not_repeated(
    keys: AgentKeys, values: Values, agent: str, key: str, variable: str | None
) -> None:
    with pytest.raises(Problem) as refused:
        await keys.put(agent, key, variable)
    assert refused.value.code is ProblemCode.INVALID_REQUEST
    assert key not in refused.value.message
    assert values.kept == {}


async def test_a_key_of_another_cli_or_another_device_does_not_open(
    keys: AgentKeys, values: Values, tmp_path: Path
) -> None:
    await keys.put("codex", KEY)
    values.kept["agent.key.opencode"] = values.kept["agent.key.codex"]
    other = AgentKeys(values, tmp_path / "other.key")
    for one, agent in ((keys, "opencode"), (other, "codex")):
        with pytest.raises(Problem) as refused:
            await one.environment(agent)
        assert refused.value.code is ProblemCode.UNAVAILABLE
