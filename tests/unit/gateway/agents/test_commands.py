from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.agents.commands import AgentCommands
from gateway.agents.installer import Agents
from gateway.agents.registry import CATALOG
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.recorder import Recorder


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


async def test_a_cli_the_machine_has_is_started_with_our_arguments(path: Path, tmp_path: Path) -> None:
    program = path / "claude"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    agents = Agents(tmp_path / "prefix", Recorder())
    statuses = {status.agent: status for status in await agents.statuses()}
    assert list(statuses) == list(CATALOG)
    assert statuses["claude-code"].installed
    assert statuses["claude-code"].version is None
    commands: AgentCommands = agents
    assert commands.command("claude-code") == (str(program), "--permission-mode", "default")


async def test_what_is_not_there_is_missing_and_what_is_not_known_is_refused(path: Path, tmp_path: Path) -> None:
    agents = Agents(tmp_path / "prefix", Recorder())
    await agents.refresh()
    for name, code in (("codex", ProblemCode.AGENT_MISSING), ("sh", ProblemCode.INVALID_REQUEST)):
        with pytest.raises(Problem) as refused:
            agents.command(name)
        assert refused.value.code is code


def test_sessions_find_the_clis_first_on_path(path: Path, tmp_path: Path) -> None:
    variables = Agents(tmp_path / "prefix", Recorder()).environment()
    assert variables["PATH"] == f"{tmp_path / 'prefix' / 'bin'}{os.pathsep}{path}"
    assert variables["DISABLE_AUTOUPDATER"] == "1"
