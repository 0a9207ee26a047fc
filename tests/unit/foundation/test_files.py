from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from foundation import files
from foundation.files import create_private, problem_of, read_private, remove_private, write_private
from protocol.problems import Problem, ProblemCode


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_writes_for_the_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "secret"
    before = os.umask(0)
    try:
        write_private(path, b"one")
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert mode(path.parent) == mode(path.parent.parent) == 0o700
    assert read_private(path) == b"one"


def test_replaces_in_one_step_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"old")
    path.chmod(0o644)
    with path.open("rb") as reader:
        write_private(path, b"new")
        assert reader.read() == b"old"
    assert read_private(path) == b"new"
    assert mode(path) == 0o600
    assert names(tmp_path) == ["secret"]


def test_a_failed_write_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    write_private(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Problem) as caught:
        write_private(path, b"new")
    assert caught.value.code is ProblemCode.DISK_FULL
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["secret"]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"of somebody else")
    path = tmp_path / "secret"
    path.symlink_to(target)
    write_private(path, b"mine")
    assert target.read_bytes() == b"of somebody else"
    assert not path.is_symlink()


def test_creates_only_once(tmp_path: Path) -> None:
    path = tmp_path / "id"
    assert create_private(path, b"first")
    assert not create_private(path, b"second")
    assert read_private(path) == b"first"
    assert mode(path) == 0o600
    assert names(tmp_path) == ["id"]


def test_a_missing_file_is_none_and_removing_it_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "nothing"
    assert read_private(path) is None
    remove_private(path)
    write_private(path, b"x")
    remove_private(path)
    assert read_private(path) is None


def test_a_file_too_big_to_be_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(files.MAX_PRIVATE_FILE + 1))
    with pytest.raises(Problem, match="too big"):
        read_private(path)


def test_a_folder_in_the_way_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        write_private(tmp_path, b"x")
    assert caught.value.code is ProblemCode.UNAVAILABLE
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, ProblemCode.DISK_FULL),
        (errno.EDQUOT, ProblemCode.DISK_FULL),
        (errno.EACCES, ProblemCode.PERMISSION_DENIED),
        (errno.EROFS, ProblemCode.PERMISSION_DENIED),
        (errno.EIO, ProblemCode.UNAVAILABLE),
    ],
)
def test_system_errors_have_codes(number: int, code: ProblemCode) -> None:
    problem = problem_of(OSError(number, os.strerror(number)), Path("/var/lib/hutch/x"))
    assert problem.code is code
    assert "/var/lib/hutch/x" in problem.message
