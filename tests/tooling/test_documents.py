"""The documents: every setting is described, every link leads somewhere, every picture is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.cli.fleet.table import COMMANDS as FLEET_COMMANDS
from appliance.cli.table import COMMANDS
from appliance.config import Settings, env_name
from tests.tooling.tracked import ROOT, relative, tracked_files

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
DOCUMENTS = [path for path in tracked_files() if path.suffix == ".md"]


@pytest.mark.parametrize("setting", sorted(Settings.model_fields))
def test_every_setting_is_described(setting: str) -> None:
    described = (ROOT / "docs" / "settings.md").read_text()
    assert f"| `{setting}` | `{env_name(setting)}` |" in described


def test_no_setting_is_described_that_is_not_there() -> None:
    described = re.findall(r"^\| `(\w+)` \| `HUTCH_", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    assert sorted(described) == sorted(Settings.model_fields)


def described_commands() -> dict[str, str]:
    """The first column of docs/commands.md: the words of a command, and the whole line to type."""
    lines = re.findall(r"^\| `hutch ([^`]+)` \|", (ROOT / "docs" / "commands.md").read_text(), re.MULTILINE)
    return {re.split(r" (?=[A-Z\[]|--)", line)[0]: line for line in lines}


ARGUMENTS = {
    **{" ".join(command.words): command.arguments for command in COMMANDS},
    **{" ".join(("fleet", *command.words)): command.arguments for command in FLEET_COMMANDS},
}


def test_every_command_is_described_and_no_other() -> None:
    assert sorted(described_commands()) == sorted(ARGUMENTS)


@pytest.mark.parametrize("words", sorted(ARGUMENTS))
def test_every_argument_of_a_command_is_described(words: str) -> None:
    names = [flag if flag.startswith("-") else flag.upper() for one in ARGUMENTS[words] for flag in one.names]
    described = re.findall(r"--[a-z0-9-]+|(?<=[ \[])[A-Z]{3,}", described_commands()[words])
    assert [name for name in names if name not in described] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_links_lead_to_files(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text()) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_decisions_are_numbered_once() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert numbers
    assert all(number.isdigit() for number in numbers)
    assert len(numbers) == len(set(numbers))


def test_licence_is_the_apache_text() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
