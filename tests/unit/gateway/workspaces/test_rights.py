from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.workspaces.beneath import open_plain_file, opened_folder
from gateway.workspaces.rights import OWN, Rights
from protocol.problems import Problem, ProblemCode

OURS = Rights(OWN.chores, os.getuid())
"""Agents whose account is the one of these tests."""
OTHERS = Rights(OWN.chores, os.getuid() + 1)


def test_a_workspace_of_somebody_else_is_refused(tmp_path: Path) -> None:
    with opened_folder(tmp_path, (), rights=OURS), opened_folder(tmp_path, ()):
        pass
    with pytest.raises(Problem) as refused, opened_folder(tmp_path, (), rights=OTHERS):
        pass
    assert refused.value.code is ProblemCode.PERMISSION_DENIED


def test_a_file_that_may_be_somebody_elses_under_a_second_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("x")
    (tmp_path / "linked").write_text("x")
    (tmp_path / "second").hardlink_to(tmp_path / "linked")
    with opened_folder(tmp_path, ()) as folder:
        for name, rights in (("one", OTHERS), ("one", OURS), ("second", OURS), ("second", OWN)):
            os.close(open_plain_file(folder, name, rights))
        for name in ("second", "linked"):
            with pytest.raises(PermissionError):
                open_plain_file(folder, name, OTHERS)


def test_a_descriptor_that_is_not_the_new_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new").touch()
    (tmp_path / "other").touch()
    with opened_folder(tmp_path, ()) as folder, (tmp_path / "new").open() as new, (tmp_path / "other").open() as other:
        OURS.check_made(new.fileno(), folder, "new")
        for wrong in (other.fileno(), folder):
            with pytest.raises(PermissionError):
                OURS.check_made(wrong, folder, "new")
