from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.versions import MAX_PACKAGE_JSON, package_version, printed_version, version_near


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.1.329 (Claude Code)\n", "2.1.329"),
        ("WARNING: proceeding (codex_home: /tmp/a)\ncodex-cli 0.169.0\n", "0.169.0"),
        ("0.61.0", "0.61.0"),
        ("v20.20.2", "20.20.2"),
        ("1.2.3-beta.1+build", "1.2.3-beta.1+build"),
        ("at 127.0.0.1 only", None),
        ("", None),
        ("1.2", None),
    ],
)
def test_the_version_is_found_in_what_programs_print(text: str, version: str | None) -> None:
    assert printed_version(text) == version


@given(st.text(max_size=300))
def test_any_output_is_read_without_harm(text: str) -> None:
    version = printed_version(text)
    assert version is None or version in text


def package(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(text)


def test_the_package_says_its_version(tmp_path: Path) -> None:
    package(tmp_path / "p", json.dumps({"name": "@a/b", "version": "1.2.3", "bin": {}}))
    assert package_version(tmp_path / "p", "@a/b") == "1.2.3"
    assert package_version(tmp_path / "p", "other") is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"name": "a"}', '{"name": "a", "version": 3}', " " * MAX_PACKAGE_JSON]
)
def test_a_damaged_package_has_no_version(tmp_path: Path, text: str) -> None:
    package(tmp_path / "p", text)
    assert package_version(tmp_path / "p", "a") is None
    assert package_version(tmp_path / "gone", "a") is None


def test_a_program_elsewhere_leads_to_its_package(tmp_path: Path) -> None:
    package(tmp_path / "lib/node_modules/@a/b", json.dumps({"name": "@a/b", "version": "1.2.3"}))
    program = tmp_path / "lib/node_modules/@a/b/bin/cli.js"
    program.parent.mkdir()
    program.touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "cli").symlink_to(program)
    assert version_near(tmp_path / "bin" / "cli", "@a/b") == "1.2.3"
    assert version_near(tmp_path / "bin" / "gone", "@a/b") is None
