"""The make targets: documented, and made of scripts that pass shellcheck."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tooling.tracked import ROOT

TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
SCRIPT = re.compile(r"tools/[a-z_]+\.(?:sh|py)")
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = TARGET.findall(MAKEFILE)


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_phony_and_documented(target: str) -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert target in phony[1].split()
    documents = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    assert f"make {target}" in documents


def test_help_lists_every_target() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert [line.split()[1] for line in shown.stdout.splitlines()] == TARGETS


@pytest.mark.parametrize("name", sorted(set(SCRIPT.findall(MAKEFILE))))
def test_every_script_a_target_names_can_be_run(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)


def shell_scripts() -> list[str]:
    listed = subprocess.run([ROOT / "tools" / "shell_scripts.sh"], capture_output=True, text=True, check=True)
    return listed.stdout.split()


def test_shell_scripts_are_found_by_their_first_line_too() -> None:
    found = shell_scripts()
    assert {".ci/run", "tools/setup.sh", "tools/common.sh"} <= set(found)
    assert all(name.endswith(".sh") or (ROOT / name).read_bytes().startswith(b"#!") for name in found)


@pytest.mark.parametrize("name", shell_scripts())
def test_shell_script_is_clean(name: str) -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    done = subprocess.run(
        [shellcheck, "--external-sources", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
