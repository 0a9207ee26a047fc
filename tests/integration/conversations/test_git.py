from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from gateway.conversations.types import Conversation, NewConversation
from protocol.problems import Problem, ProblemCode
from tests.integration.conversations.rig import Rig


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
async def repository(rig: Rig) -> Path:
    folder = rig.work / "project"

    def make() -> None:
        folder.mkdir()
        git(folder, "init", "-q", "-b", "main")
        (folder / "a.txt").write_text("one\ntwo\n")
        (folder / "gone.txt").write_text("bye\n")
        (folder / ".gitignore").write_text("ignored\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "begin")

    await asyncio.to_thread(make)
    return folder


async def in_it(rig: Rig) -> Conversation:
    return await rig.begin(folder="project")


async def test_a_change_in_the_second_of_the_commit_is_seen(rig: Rig, repository: Path) -> None:
    talk = await in_it(rig)
    git(repository, "config", "core.trustctime", "false")
    at = (repository / "a.txt").stat().st_mtime_ns
    await asyncio.to_thread((repository / "a.txt").write_text, "ONE\ntwo\n")
    for file in (repository / "a.txt", repository / ".git" / "index"):
        os.utime(file, ns=(at, at))
    [changed] = (await rig.talks.folders.changes(talk.id, None)).files
    assert (changed.path, changed.new) == ("a.txt", "ONE\ntwo\n")


async def test_a_turn_shows_what_it_changed_and_nothing_else(rig: Rig, repository: Path) -> None:
    talk = await in_it(rig)
    (repository / "mine.txt").write_text("the person's own\n")
    git(repository, "add", "mine.txt")
    index = await asyncio.to_thread((repository / ".git" / "index").read_bytes)
    first = await rig.do(talk, "edit a.txt one\\nTWO", "edit new.txt fresh", "edit ignored x", "binary bin.dat")
    second = await rig.do(talk, "edit new.txt other")
    found = await rig.talks.folders.changes(talk.id, first.id)
    assert (found.available, found.branch) == (True, "main")
    shown = {one.path: (one.added, one.removed, one.old, one.new) for one in found.files}
    assert shown == {
        "a.txt": (1, 2, "one\ntwo\n", "one\\nTWO"),
        "new.txt": (1, 0, None, "fresh"),
        "bin.dat": (None, None, None, None),
    }
    [later] = (await rig.talks.folders.changes(talk.id, second.id)).files
    assert (later.old, later.new) == ("fresh", "other")
    everything = await rig.talks.folders.changes(talk.id, None)
    assert [one.path for one in everything.files] == ["a.txt", "bin.dat", "mine.txt", "new.txt"]
    assert await asyncio.to_thread((repository / ".git" / "index").read_bytes) == index


async def test_a_turn_is_taken_back_unless_more_changed_since(rig: Rig, repository: Path) -> None:
    talk = await in_it(rig)
    first = await rig.do(talk, "edit a.txt changed", "edit new.txt fresh")
    (repository / "mine.txt").write_text("mine\n")
    await rig.talks.folders.discard(talk.id, first.id)
    assert await asyncio.to_thread((repository / "a.txt").read_text) == "one\ntwo\n"
    assert not await asyncio.to_thread((repository / "new.txt").exists)
    assert await asyncio.to_thread((repository / "mine.txt").exists)
    second = await rig.do(talk, "edit a.txt changed")
    (repository / "a.txt").write_text("and changed again")
    with pytest.raises(Problem) as caught:
        await rig.talks.folders.discard(talk.id, second.id)
    assert caught.value.code is ProblemCode.CONFLICT
    await rig.talks.folders.discard(talk.id, None)
    assert git(repository, "status", "--porcelain") == ""


async def test_changes_are_committed_and_pushed(rig: Rig, repository: Path) -> None:
    talk = await in_it(rig)
    with pytest.raises(Problem) as caught:
        await rig.talks.folders.commit(talk.id, "nothing")
    assert caught.value.code is ProblemCode.CONFLICT
    await rig.do(talk, "edit new.txt fresh")
    made, branch = await rig.talks.folders.commit(talk.id, "Add it\n\nBecause.")
    assert (made, branch) == (git(repository, "rev-parse", "HEAD"), "main")
    assert git(repository, "log", "-1", "--format=%B") == "Add it\n\nBecause."
    with pytest.raises(Problem) as caught:
        await rig.talks.folders.push(talk.id)
    assert caught.value.code is ProblemCode.CONFLICT
    bare = rig.root / "bare"
    await asyncio.to_thread(git, rig.root, "init", "-q", "--bare", str(bare))
    await asyncio.to_thread(git, repository, "remote", "add", "origin", str(bare))
    assert (await rig.talks.folders.push(talk.id))[0] == "main"
    assert git(bare, "rev-parse", "main") == made


async def test_a_worktree_is_a_place_of_its_own(rig: Rig, repository: Path) -> None:
    talk = await rig.conversations.create(NewConversation(cli="codex", folder=Path("project"), worktree=True))
    assert talk.worktree is not None
    assert talk.folder == talk.worktree.folder
    await rig.do(talk, "edit a.txt changed")
    assert await asyncio.to_thread((repository / "a.txt").read_text) == "one\ntwo\n"
    [changed] = (await rig.talks.folders.changes(talk.id, None)).files
    assert changed.path == "a.txt"
    await rig.conversations.remove(talk.id)
    assert await asyncio.to_thread(talk.folder.exists), "what is not committed is not thrown away"
    clean = await rig.conversations.create(NewConversation(cli="codex", folder=Path("project"), worktree=True))
    await rig.conversations.remove(clean.id)
    assert not await asyncio.to_thread(clean.folder.exists)
    assert clean.worktree is not None
    assert clean.worktree.branch not in git(repository, "branch", "--list")


async def test_folders_without_git_say_so(rig: Rig) -> None:
    talk = await rig.begin()
    turn = await rig.do(talk, "edit a.txt x")
    assert not (await rig.talks.folders.changes(talk.id, turn.id)).available
    assert not (await rig.talks.folders.changes(talk.id, None)).available
    for work in (rig.talks.folders.commit(talk.id, "x"), rig.talks.folders.push(talk.id)):
        with pytest.raises(Problem) as caught:
            await work
        assert caught.value.code is ProblemCode.CONFLICT
    with pytest.raises(Problem) as caught:
        await rig.conversations.create(NewConversation(cli="codex", worktree=True))
    assert caught.value.code is ProblemCode.CONFLICT


async def test_a_repository_cannot_run_what_it_likes_when_it_is_looked_at(rig: Rig, repository: Path) -> None:
    marker = rig.root / "ran"
    hook = repository / ".git" / "hooks" / "post-index-change"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    git(repository, "config", "core.fsmonitor", f"touch {marker}; true")
    git(repository, "config", "diff.external", f"touch {marker}")
    await asyncio.to_thread(marker.unlink, missing_ok=True)
    talk = await in_it(rig)
    turn = await rig.do(talk, "edit a.txt x")
    assert (await rig.talks.folders.changes(talk.id, turn.id)).available
    assert not await asyncio.to_thread(marker.exists)
