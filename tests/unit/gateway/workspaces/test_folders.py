from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path

import pytest

from gateway.events.types import FileChanged
from gateway.workspaces import folders, trees
from gateway.workspaces.folders import Workspace
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.recorder import Recorder
from tests.unit.gateway.workspaces.descriptors import descriptors


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_text("secret")
    return root


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def workspace(root: Path, recorder: Recorder) -> Workspace:
    return Workspace(root, recorder)


async def refusal(work: Coroutine[object, object, object]) -> ProblemCode:
    with pytest.raises(Problem) as refused:
        await work
    assert refused.value.message.endswith(".")
    return refused.value.code


async def test_a_folder_is_listed_folders_first(workspace: Workspace, root: Path) -> None:
    for name in ["b", "A", ".git"]:
        (root / name).mkdir()
    (root / "file.txt").write_text("12345")
    (root / ".hidden").touch()
    (root / "link").symlink_to("/etc/passwd")
    os.mkfifo(root / "pipe")
    (root / f"{folders.UPLOAD_PREFIX}{'0' * 32}").touch()
    entries = await workspace.entries()
    assert [(entry.name, entry.kind, entry.size) for entry in entries] == [
        (".git", "folder", 0),
        ("A", "folder", 0),
        ("b", "folder", 0),
        (".hidden", "file", 0),
        ("file.txt", "file", 5),
        ("link", "link", 0),
        ("pipe", "other", 0),
    ]
    assert all(entry.modified_at.tzinfo for entry in entries)
    assert await workspace.folders() == ["A", "b"]


async def test_paths_are_those_one_can_ask_for_again(workspace: Workspace, root: Path) -> None:
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "c d").write_text("x")
    (entry,) = await workspace.entries("a/b")
    assert entry.path == "a/b/c d"
    assert await workspace.entry(entry.path) == entry
    assert await workspace.entries(str(root / "a")) == await workspace.entries("./a/")


async def test_names_that_cannot_be_sent_are_shown_and_not_opened(workspace: Workspace, root: Path) -> None:
    (root / os.fsdecode(b"bad\xff")).touch()
    (root / "two\nlines").touch()
    entries = await workspace.entries()
    assert {(entry.name, entry.kind) for entry in entries} == {("bad\ufffd", "other"), ("two\ufffdlines", "other")}
    assert await refusal(workspace.open_file("two\nlines")) is ProblemCode.INVALID_REQUEST


async def test_a_listing_is_bounded(workspace: Workspace, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_ENTRIES", 3)
    for name in "abc":
        (root / name).touch()
    assert len(await workspace.entries()) == 3
    (root / "d").touch()
    assert await refusal(workspace.entries()) is ProblemCode.TOO_LARGE


async def test_folders_are_made_with_those_above_them(workspace: Workspace, root: Path, recorder: Recorder) -> None:
    await workspace.make_folder("a/b/c")
    assert (root / "a/b/c").is_dir()
    assert await refusal(workspace.make_folder("a/b")) is ProblemCode.CONFLICT
    assert [(event.path, event.action) for event in recorder.events if isinstance(event, FileChanged)] == [
        ("a/b/c", "created")
    ]


async def test_a_tree_is_removed_and_links_in_it_are_not_followed(
    workspace: Workspace, root: Path, tmp_path: Path, recorder: Recorder
) -> None:
    (root / "tree" / "deep").mkdir(parents=True)
    (root / "tree" / "deep" / os.fsdecode(b"bad\xff\n")).touch()
    (root / "tree" / "deep" / "out").symlink_to(tmp_path / "secret")
    (root / "top").symlink_to(tmp_path / "secret")
    await workspace.remove("tree")
    await workspace.remove("top")
    assert list(root.iterdir()) == []
    assert (tmp_path / "secret" / "file").read_text() == "secret"
    assert recorder.types() == ["file.changed", "file.changed"]


async def test_removing_is_bounded(workspace: Workspace, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MAX_REMOVE_DEPTH", 5)
    (root / "/".join("abcdefgh")).mkdir(parents=True)
    assert await refusal(workspace.remove("a")) is ProblemCode.TOO_LARGE
    await workspace.remove("a/b/c/d")
    await workspace.remove("a")
    assert list(root.iterdir()) == []


async def test_the_workspace_itself_is_not_removed_or_moved(workspace: Workspace, root: Path) -> None:
    for work in (workspace.remove(""), workspace.remove("."), workspace.move("", "x"), workspace.make_folder("/")):
        assert await refusal(work) in {ProblemCode.INVALID_REQUEST, ProblemCode.PATH_OUTSIDE_WORKSPACE}
    assert root.is_dir()


async def test_things_are_moved_and_nothing_is_replaced(workspace: Workspace, root: Path, recorder: Recorder) -> None:
    (root / "a").write_text("a")
    (root / "b").write_text("b")
    (root / "folder" / "below").mkdir(parents=True)
    assert await refusal(workspace.move("a", "b")) is ProblemCode.CONFLICT
    assert await refusal(workspace.move("a", "folder")) is ProblemCode.CONFLICT
    assert await refusal(workspace.move("folder", "folder/below/again")) is ProblemCode.CONFLICT
    assert await refusal(workspace.move("gone", "x")) is ProblemCode.NOT_FOUND
    assert await refusal(workspace.move("a", "nowhere/x")) is ProblemCode.NOT_FOUND
    assert await refusal(workspace.move("a", "../x")) is ProblemCode.PATH_OUTSIDE_WORKSPACE
    await workspace.move("a", "folder/below/a")
    await workspace.move("folder", "renamed")
    assert (root / "renamed/below/a").read_text() == "a"
    assert (root / "b").read_text() == "b"
    assert recorder.types() == ["file.changed"] * 2


async def test_a_file_is_read_from_any_place(workspace: Workspace, root: Path) -> None:
    (root / "file").write_bytes(b"0123456789")
    async with await workspace.open_file("file") as file:
        assert (file.name, file.size) == ("file", 10)
        assert await file.read(4) == b"0123"
        assert await file.read(100) == b"456789"
        assert await file.read(100) == b""
        assert await file.read(3, 2) == b"234"
        assert not file.changed
    file.close()
    with pytest.raises(ValueError, match="closed"):
        await file.read(1)


async def test_an_open_file_stays_the_one_it_was(workspace: Workspace, root: Path, tmp_path: Path) -> None:
    (root / "file").write_bytes(b"mine")
    async with await workspace.open_file("file") as file:
        (root / "file").unlink()
        (root / "file").symlink_to(tmp_path / "secret" / "file")
        assert await file.read(10) == b"mine"


async def test_a_file_closed_in_mid_read_is_closed_after_it(workspace: Workspace, root: Path) -> None:
    (root / "file").write_bytes(b"x" * 1000)
    before = descriptors()
    file = await workspace.open_file("file")
    reading = asyncio.create_task(file.read(1000))
    asyncio.get_running_loop().call_soon(file.close)
    assert len(await reading) == 1000
    assert descriptors() == before


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("gone", ProblemCode.NOT_FOUND),
        ("file/below", ProblemCode.NOT_FOUND),
        ("folder", ProblemCode.CONFLICT),
        ("pipe", ProblemCode.INVALID_REQUEST),
        ("link", ProblemCode.PATH_OUTSIDE_WORKSPACE),
        ("linked/file", ProblemCode.PATH_OUTSIDE_WORKSPACE),
        ("../secret/file", ProblemCode.PATH_OUTSIDE_WORKSPACE),
        ("", ProblemCode.INVALID_REQUEST),
    ],
)
async def test_only_plain_files_inside_are_opened(
    workspace: Workspace, root: Path, tmp_path: Path, path: str, code: ProblemCode
) -> None:
    (root / "file").touch()
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    (root / "link").symlink_to(tmp_path / "secret" / "file")
    (root / "linked").symlink_to(tmp_path / "secret")
    before = descriptors()
    assert await refusal(workspace.open_file(path)) is code
    assert descriptors() == before


async def test_a_link_swapped_in_while_we_walk_leads_nowhere(workspace: Workspace, root: Path, tmp_path: Path) -> None:
    """An agent that swaps a folder for a link, over and over, never gets us to read outside."""
    (root / "real").mkdir()
    (root / "real" / "file").write_text("mine")
    (root / "evil").symlink_to(tmp_path / "secret")
    stop = False

    def swap() -> None:
        while not stop:
            (root / "real").rename(root / "away")
            (root / "evil").rename(root / "real")
            (root / "real").rename(root / "evil")
            (root / "away").rename(root / "real")

    swapping = asyncio.create_task(asyncio.to_thread(swap))
    seen = set()
    try:
        for _ in range(300):
            try:
                async with await workspace.open_file("real/file") as file:
                    seen.add(await file.read(10))
            except Problem as problem:
                seen.add(str(problem.code).encode())
    finally:
        stop = True
        await swapping
    assert seen <= {b"mine", b"not_found", b"path_outside_workspace"}
    assert b"mine" in seen


async def test_a_workspace_that_is_gone_is_a_problem(workspace: Workspace, root: Path) -> None:
    root.rmdir()
    assert await refusal(workspace.entries()) is ProblemCode.NOT_FOUND
    assert await refusal(workspace.make_folder("a")) is ProblemCode.NOT_FOUND


def test_a_path_is_resolved_by_its_words(workspace: Workspace, root: Path) -> None:
    assert workspace.resolve("a/./b") == root / "a" / "b"
    assert workspace.resolve(str(root)) == root
    with pytest.raises(Problem):
        workspace.resolve("a/../../secret")
    with pytest.raises(Problem):
        workspace.resolve(f"{root}-other")
