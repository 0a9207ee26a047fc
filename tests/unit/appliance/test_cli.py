from __future__ import annotations

from pathlib import Path

import pytest

from appliance.cli.main import build_parser, main
from appliance.cli.table import COMMANDS


def test_every_command_is_documented() -> None:
    text = Path("docs/commands.md").read_text()
    missing = [" ".join(one.words) for one in COMMANDS if f"`hutch {' '.join(one.words)}" not in text]
    assert not missing


def test_arguments_reach_their_command() -> None:
    options = build_parser().parse_args(["user", "add", "anna", "--role", "admin", "--password-stdin", "--data", "/x"])
    assert options.command.words == ("user", "add")
    assert (options.name, options.role, options.password_stdin, options.data) == ("anna", "admin", True, Path("/x"))


def test_a_problem_ends_with_a_sentence_and_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["session", "list", "--data", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "No device answers" in error
    assert "hutch run" in error
    assert "Traceback" not in error


def test_a_wrong_setting_ends_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--data", str(tmp_path), "--listen", "nowhere"]) == 1
    assert "“listen" in capsys.readouterr().err
