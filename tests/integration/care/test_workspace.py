"""Restored folders on their way to the agents' account: all of it, over what is there, never in the device's way."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from appliance.care import workspace
from appliance.care.places import handed_over, left_over, left_over_words
from appliance.care.workspace import bring_all
from appliance.config import Settings
from appliance.layout import Layout
from gateway.programs.own import OwnPrograms


def nothing() -> None:
    """Nobody waits."""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A device to which a restore has handed two folders over."""
    made = Layout.of(Settings(data=tmp_path / "data", workspace=tmp_path / "work"))
    made.workspace.mkdir()
    waiting = handed_over(made)
    for name in ("novel", "notes", "-odd name"):
        (waiting / name / "deep" / "er").mkdir(parents=True)
        (waiting / name / "deep" / "one.txt").write_text(f"{name}, restored")
    (waiting / "novel" / "secret").write_text("for agents only")
    (waiting / "novel" / "secret").chmod(0o600)
    (waiting / "novel" / "run").write_text("#!/bin/sh\n")
    (waiting / "novel" / "run").chmod(0o755)
    (waiting / "novel" / "deep").chmod(0o750)
    (waiting / "novel" / "link").symlink_to("/etc/passwd")
    (waiting / "single").write_text("a file beside the folders")
    return made


async def test_everything_is_put_over_what_is_there(layout: Layout) -> None:
    there = layout.workspace / "novel"
    (there / "deep").mkdir(parents=True)
    (there / "deep" / "one.txt").write_text("newer, and not wanted")
    (there / "deep" / "two.txt").write_text("beside it")
    (there / "run").symlink_to("/etc/hostname")
    await bring_all(OwnPrograms(), layout, nothing)
    assert (there / "deep" / "one.txt").read_text() == "novel, restored"
    assert (there / "deep" / "two.txt").read_text() == "beside it"
    assert (there / "link").readlink() == Path("/etc/passwd")
    modes = {name: (there / name).lstat().st_mode & 0o777 for name in ("secret", "run", "deep")}
    assert modes == {"secret": 0o600, "run": 0o755, "deep": 0o750}
    assert (layout.workspace / "-odd name" / "deep" / "one.txt").read_text() == "-odd name, restored"
    assert (layout.workspace / "single").read_text() == "a file beside the folders"
    assert not handed_over(layout).exists()
    assert await asyncio.to_thread(left_over_words, layout) == ""


async def test_what_cannot_be_put_in_its_place_is_kept_told_and_not_tried_again(layout: Layout) -> None:
    (layout.workspace / "novel" / "secret" / "full").mkdir(parents=True)
    await bring_all(OwnPrograms(), layout, nothing)
    assert (layout.workspace / "novel" / "deep" / "one.txt").exists()
    assert (left_over(layout) / "novel" / "secret").read_text() == "for agents only"
    assert not handed_over(layout).exists()
    words = await asyncio.to_thread(left_over_words, layout)
    assert "could be put in its place: novel." in words
    assert str(left_over(layout)) in words


@pytest.mark.parametrize("script", ["kill -STOP $$", "cat >/dev/null; sleep 60", "sleep 60 & exec kill -STOP $$"])
async def test_a_tar_that_agents_hold_up_is_given_up(
    layout: Layout, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than a pipe holds.
    (handed_over(layout) / "-odd name" / "large").write_bytes(os.urandom(300_000))
    monkeypatch.setattr(workspace, "_TAR", ("sh", "-c", script))
    async with asyncio.timeout(20):
        with pytest.raises(TimeoutError):
            await bring_all(OwnPrograms(), layout, nothing, patience=0.3)
    assert (handed_over(layout) / "-odd name" / "large").exists()


async def test_a_tar_that_ends_early_leaves_what_it_said(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    (handed_over(layout) / "-odd name" / "large").write_bytes(os.urandom(300_000))
    monkeypatch.setattr(workspace, "_TAR", ("sh", "-c", "head -c 100000 >/dev/null; echo no room >&2; exit 2"))
    await bring_all(OwnPrograms(), layout, nothing)
    assert (left_over(layout) / "-odd name" / "large").exists()
