from __future__ import annotations

import re
from typing import get_args

import pytest

from gateway.agents.registry import CATALOG, cli_named, session_variables
from gateway.agents.types import AgentName
from protocol.problems import Problem, ProblemCode


def test_the_table_has_the_four_clis_of_the_wire() -> None:
    assert list(CATALOG) == list(get_args(AgentName))
    assert all(name == cli.name for name, cli in CATALOG.items())


def test_every_version_is_pinned() -> None:
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", cli.version) for cli in CATALOG.values())


def test_sessions_get_what_the_clis_need_and_root_s_only_as_root() -> None:
    assert session_variables(CATALOG, root=False) == {
        "DISABLE_AUTOUPDATER": "1",
        "GEMINI_CLI_NO_RELAUNCH": "true",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
    }
    assert session_variables(CATALOG, root=True)["IS_SANDBOX"] == "1"


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(Problem) as refused:
        cli_named(CATALOG, "vim")
    assert refused.value.code is ProblemCode.INVALID_REQUEST
    assert "claude-code, codex, gemini, opencode" in refused.value.message
