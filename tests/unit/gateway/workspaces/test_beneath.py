from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.workspaces.beneath import MAX_DEPTH, MAX_NAME, opened_folder, parts
from gateway.workspaces.rights import OWN
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.workspaces.descriptors import descriptors

SEGMENTS = st.sampled_from(
    ["..", ".", "", "a", "link", "loop", "up", "abs", "b", "\0", "~", "..\0", ". .", "%2e%2e", "\\.."]
)


@pytest.mark.parametrize(
    ("path", "names"),
    [("", ()), (".", ()), ("./a//b/", ("a", "b")), ("...", ("...",)), (".git/config", (".git", "config"))],
)
def test_paths_are_taken_apart(path: str, names: tuple[str, ...]) -> None:
    assert parts(path) == names


@pytest.mark.parametrize("path", ["/", "/etc/passwd", "..", "a/../b", "a/..", "./../x", "//x"])
def test_paths_that_lead_out_are_refused(path: str) -> None:
    with pytest.raises(Problem) as refused:
        parts(path)
    assert refused.value.code is ProblemCode.PATH_OUTSIDE_WORKSPACE


@pytest.mark.parametrize(
    "path",
    ["a\0b", "a\nb", "\x1b[2J", "a\x7f", "a\x85", "x" * 256, "é" * 128, "a/" * 65 + "a", "a/b/" * 2000, "\ud800"],
)
def test_names_no_file_should_have_are_refused(path: str) -> None:
    with pytest.raises(Problem) as refused:
        parts(path)
    assert refused.value.code is ProblemCode.INVALID_REQUEST


def test_the_bounds_themselves_are_taken() -> None:
    assert len(parts("/".join(["a"] * MAX_DEPTH))) == MAX_DEPTH
    assert parts("é" * 127 + "x") == ("é" * 127 + "x",)
    assert MAX_NAME == 255


def _world(base: Path) -> Path:
    """A root with links of every kind in it, beside a secret that none may reach."""
    root = base / "root"
    (root / "a" / "b").mkdir(parents=True)
    (base / "secret").mkdir()
    (base / "secret" / "b").mkdir()
    (root / "link").symlink_to("a")
    (root / "loop").symlink_to("loop")
    (root / "up").symlink_to("../secret")
    (root / "a" / "up").symlink_to("../../secret")
    (root / "abs").symlink_to(base / "secret")
    return root


@given(st.lists(SEGMENTS | st.text(max_size=5), max_size=6).map("/".join), st.booleans())
@example("a/up/b", False)
@example("up", True)
def test_no_path_ever_leaves_the_root(path: str, make: bool) -> None:
    with tempfile.TemporaryDirectory() as base:
        root = _world(Path(base))
        outside = sorted((Path(base) / "secret").rglob("*"))
        try:
            with opened_folder(root, parts(path), make=make) as fd:
                reached = Path(f"/proc/self/fd/{fd}").readlink()
                inside = reached == root.resolve() or root.resolve() in reached.parents
        except (Problem, OSError):
            inside = True
        assert inside
        assert sorted((Path(base) / "secret").rglob("*")) == outside


@pytest.mark.parametrize("path", ["link", "link/b", "up", "a/up/b", "abs/b", "loop"])
def test_links_on_the_way_are_refused_with_a_reason(tmp_path: Path, path: str) -> None:
    root = _world(tmp_path)
    with pytest.raises(Problem) as refused, opened_folder(root, parts(path)):
        pass
    assert refused.value.code is ProblemCode.PATH_OUTSIDE_WORKSPACE
    assert "link" in refused.value.message


def test_walking_leaves_no_descriptor_open(tmp_path: Path) -> None:
    root = _world(tmp_path)
    before = descriptors()
    for path in ["a/b", "up", "nowhere", "a/b/c/d"]:
        try:
            with opened_folder(root, parts(path), make=path.startswith("a")):
                pass
        except (Problem, FileNotFoundError):
            continue
    assert descriptors() == before


def test_a_rename_never_replaces(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(FileExistsError):
            OWN.chores.rename_in(fd, "a", fd, "b")
        OWN.chores.rename_in(fd, "a", fd, "c")
    finally:
        os.close(fd)
    assert {entry.name for entry in tmp_path.iterdir()} == {"b", "c"}
    assert (tmp_path / "b").read_text() == "b"
