from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.agents.cli import AgentCli, Place
from gateway.agents.hook_program import NAME
from gateway.agents.pins import PINS
from gateway.agents.registry import CATALOG, ways_of
from gateway.conversations.types import Permission
from protocol.problems import Problem, ProblemCode

SECRET = "sk-very-secret-0123456789"
PLACE = Place(Path("/p/cli"), Path("/p/acp"), Path("/p/hutch"), Path("/home/agent"), Path('/work/it\'s "x"'), {})
STOP_HASH = "5c31b8b660c1cd16fed2b37fa68aa3b1477e369b800ef03196a4db01b6b54be5"
ALL = list(CATALOG.values())


def named(cli: AgentCli) -> str:
    return cli.name


def with_key(cli: AgentCli, **more: str) -> Place:
    return replace(PLACE, variables={cli.ways.keys[0]: SECRET, "OPENAI_API_KEY": SECRET, **more})


@pytest.mark.parametrize("cli", ALL, ids=named)
def test_no_key_stands_in_a_command(cli: AgentCli) -> None:
    place = with_key(cli, OPENAI_BASE_URL="http://127.0.0.1:1/v1")
    start = cli.ways.terminal(place, cli.arguments, hooks=True)
    talk = cli.ways.conversation(place, Permission.ASK, "a-model")
    assert talk is not None
    assert SECRET not in " ".join((*start.command, *talk.start.command))
    assert SECRET not in json.dumps({**start.environment, **talk.start.environment})
    assert SECRET not in "".join(file.text for file in cli.ways.files())


@pytest.mark.parametrize("cli", ALL, ids=named)
def test_every_permission_has_a_mode_or_an_environment_of_its_own(cli: AgentCli) -> None:
    seen = set()
    for permission in Permission:
        talk = cli.ways.conversation(PLACE, permission, None)
        assert talk is not None
        seen.add((talk.modes.get(permission), json.dumps(dict(talk.start.environment))))
    assert len(seen) == 3


@pytest.mark.parametrize("cli", ALL, ids=named)
def test_its_row_is_that_of_the_table_of_versions(cli: AgentCli) -> None:
    assert (cli.package, cli.version) == (PINS[cli.name].package, PINS[cli.name].version)
    assert cli.ways.keys
    assert cli.ways.login is not None
    assert ways_of(cli.name) is cli.ways


@pytest.mark.parametrize("cli", ALL, ids=named)
def test_strange_words_say_nothing(cli: AgentCli) -> None:
    assert cli.ways.hook("SomethingNew", {}) is None
    for event in ("PermissionRequest", "Notification", "waiting", "Elicitation", "AfterTool", "PostToolUse"):
        cli.ways.hook(event, {"tool_name": ["x"], "tool_input": [[[[[1]]]]], "message": 3, "details": "x"})


@pytest.mark.parametrize("name", ["claude-code", "codex"])
def test_without_what_speaks_for_it_there_is_no_conversation(name: str) -> None:
    assert CATALOG[name].ways.conversation(replace(PLACE, adapter=None), Permission.ASK, None) is None


def test_claude_is_told_of_the_folder_and_of_the_end_of_its_key() -> None:
    (merge,) = CATALOG["claude-code"].ways.merges(replace(PLACE, variables={"ANTHROPIC_API_KEY": SECRET}))
    assert merge.path == ".claude.json"
    assert merge.set["projects"] == {str(PLACE.folder): {"hasTrustDialogAccepted": True}}
    assert merge.append == {"customApiKeyResponses.approved": (SECRET[-20:],)}
    (elsewhere,) = CATALOG["claude-code"].ways.merges(replace(PLACE, variables={"CLAUDE_CONFIG_DIR": "/c"}))
    assert (elsewhere.path, elsewhere.append) == ("/c/.claude.json", {})


def test_claude_gets_its_hooks_by_an_option() -> None:
    start = CATALOG["claude-code"].ways.terminal(PLACE, ("--x",), hooks=True)
    assert start.command[:3] == ("/p/cli", "--x", "--settings")
    hooks = json.loads(start.command[3])["hooks"]
    assert hooks["Stop"][0]["hooks"][0]["command"] == f"{NAME} claude-code Stop"
    assert CATALOG["claude-code"].ways.terminal(PLACE, (), hooks=False).command == ("/p/cli",)


def options(place: Place) -> dict[str, object]:
    """What codex's ``-c`` options say, read as TOML."""
    command = CATALOG["codex"].ways.terminal(place, (), hooks=True).command
    assert command[1::2] == ("-c",) * (len(command) // 2)
    return {text.partition("=")[0]: tomllib.loads(f"x={text.partition('=')[2]}")["x"] for text in command[2::2]}


def test_codex_options_are_toml_and_trust_the_folder_and_our_hooks_alone() -> None:
    said = options(PLACE)
    assert said["projects"] == {str(PLACE.folder): {"trust_level": "trusted"}}
    assert "model_provider" not in said
    state = said["hooks.state"]
    assert isinstance(state, dict)
    # As hooks/list of the app server of codex 0.169.0 answers it.
    stop = {"trusted_hash": "sha256:" + STOP_HASH}
    assert state["/<session-flags>/config.toml:stop:0:0"] == stop
    assert len(state) == 5


def test_codex_takes_a_key_by_the_name_of_its_variable() -> None:
    said = options(replace(PLACE, variables={"OPENAI_API_KEY": SECRET}))
    assert said["model_providers.hutch"] == {
        "name": "OpenAI",
        "base_url": "https://api.openai.com/v1",
        "env_key": "OPENAI_API_KEY",
        "wire_api": "responses",
    }


def test_codex_refuses_an_address_with_a_password_in_it() -> None:
    with pytest.raises(Problem) as refused:
        options(replace(PLACE, variables={"OPENAI_BASE_URL": "http://me:secret@host/v1"}))
    assert refused.value.code is ProblemCode.INVALID_REQUEST
    assert "secret@" not in refused.value.message


def test_codex_takes_a_model_with_its_effort() -> None:
    talk = CATALOG["codex"].ways.conversation(PLACE, Permission.EDITS, "gpt-x[low]")
    assert talk is not None
    said = json.loads(talk.start.environment["CODEX_CONFIG"])
    assert (said["model"], said["model_reasoning_effort"]) == ("gpt-x", "low")
    assert talk.start.environment["INITIAL_AGENT_MODE"] == "workspace-write"


def test_opencode_reads_an_address_of_ours_and_the_key_from_its_variable() -> None:
    place = replace(PLACE, variables={"OPENAI_BASE_URL": "http://h/v1", "OPENAI_API_KEY": SECRET})
    talk = CATALOG["opencode"].ways.conversation(place, Permission.ASK, "m")
    assert talk is not None
    content = json.loads(talk.start.environment["OPENCODE_CONFIG_CONTENT"])
    assert content["model"] == "hutch/m"
    assert content["provider"]["hutch"]["options"] == {"baseURL": "http://h/v1", "apiKey": "{env:OPENAI_API_KEY}"}
    assert json.loads(talk.start.environment["OPENCODE_PERMISSION"])["bash"] == "ask"


def test_gemini_asks_no_second_model_which_one_to_use() -> None:
    talk = CATALOG["gemini"].ways.conversation(PLACE, Permission.ASK, None)
    assert talk is not None
    assert talk.start.command[1:3] == ("--acp", "-m")
