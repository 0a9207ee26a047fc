"""The works as the daemon's own account does them: through the same table that the broker has."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.programs.chores import Chores
from gateway.programs.work import MAX_TEXT, WORKS, Refused, do
from protocol.problems import Problem, ProblemCode

CHORES = Chores(do)


def test_a_folder_is_found_as_it_really_is(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").touch()
    assert CHORES.folder(tmp_path / "link") == tmp_path / "real"
    assert CHORES.folder(Path("~")) == Path(os.environ["HOME"]).resolve()
    for wrong, refusal in (("gone", FileNotFoundError), ("file", NotADirectoryError)):
        with pytest.raises(refusal):
            CHORES.folder(tmp_path / wrong)


def test_a_program_is_found_where_path_says(tmp_path: Path) -> None:
    program = tmp_path / "here"
    program.write_text("")
    assert CHORES.program("here", str(tmp_path)) is None
    program.chmod(0o755)
    assert CHORES.program("here", str(tmp_path)) == str(program)


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("kept")
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "dangling").symlink_to("planted")
    for name in ("target", "link", "dangling"):
        with pytest.raises(FileExistsError):
            CHORES.create(tmp_path / name, 0o644)
    descriptor = CHORES.create(tmp_path / "new", 0o600)
    CHORES.set_mode(descriptor, 0o750)
    os.close(descriptor)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o750
    assert (tmp_path / "target").read_text() == "kept"
    assert not (tmp_path / "planted").exists()


def test_a_written_file_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("kept")
    for name in ("conf", "conf.new"):
        (tmp_path / name).symlink_to("target")
    CHORES.write(tmp_path / "conf", "new")
    assert (tmp_path / "conf").read_text() == "new"
    assert not (tmp_path / "conf").is_symlink()
    assert (tmp_path / "target").read_text() == "kept"
    assert CHORES.names(tmp_path) != []
    CHORES.remove(tmp_path / "conf")
    CHORES.remove(tmp_path / "conf")
    assert sorted(CHORES.names(tmp_path)) == ["target"]


def test_only_terminals_are_looked_at(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x" * 100)
    for path in (str(secret), "/dev/pts/../../etc/passwd", "/dev/pts/1\n", "/dev/tty"):
        assert CHORES.unread(path) == 0
        CHORES.hold_back(path, 2**30)
        CHORES.resume(path, 2**30)
    assert secret.read_text() == "x" * 100


def test_what_is_not_in_the_table_is_refused() -> None:
    for name, arguments in (
        ("os.system", ["true"]), ("files.remove", []), ("files.remove", ["x" * (MAX_TEXT + 1)]),
        ("files.make_folder", ["/x", True]), ("files.make_folder", ["/x", -1]), ("processes.find", [1, "A=b", [[1]]]),
    ):  # fmt: skip
        with pytest.raises(Refused):
            do(name, arguments, [])
    with pytest.raises(Refused):
        do("files.set_mode", [0o600], [1, 2])
    assert all("." in name for name in WORKS)


@pytest.mark.parametrize("answer", [None, 1.5, "1", True, [1], {}])
def test_an_answer_of_another_kind_is_not_believed(answer: object) -> None:
    def nonsense(_name: str, _arguments: Sequence[object], _descriptors: Sequence[int]) -> tuple[object, list[int]]:
        return answer, []

    lying = Chores(nonsense)
    with pytest.raises(Problem) as refused:
        lying.unread("/dev/pts/0")
    assert refused.value.code is ProblemCode.UNAVAILABLE
    with pytest.raises(Problem):
        lying.find(2, "A=b", [])
    with pytest.raises(Problem):
        lying.create(Path("/x"), 0o600)
    if not isinstance(answer, str):
        with pytest.raises(Problem):
            lying.folder(Path("/"))
