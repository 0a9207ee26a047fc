"""tmux belongs to agents: it may answer anything, and nothing but its own session may suffer."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.programs.own import OwnPrograms
from gateway.sessions.connection import facts
from gateway.sessions.control_client import MAX_NOTICE, ControlParser
from gateway.sessions.ending import _exit_code
from gateway.sessions.modes import ModeTracker
from gateway.sessions.snapshots import _understood
from gateway.sessions.tmux import MAX_PRINTED, TmuxFailed, TmuxServer


def answering(folder: Path, script: str) -> TmuxServer:
    """A program in tmux's place."""
    program = folder / "tmux"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return TmuxServer(str(program), folder / "x.sock", OwnPrograms())


@pytest.mark.parametrize(
    "said",
    [
        "", "1 2 3", "a b c d e f g h", "12 13 /dev/pts/1 80 24 0 5 ?1h: more", "12 13 /dev/pts/1 99999 24 0 5 :",
        "12 13 /dev/pts/1 80 0 0 5 :", "12 13 /dev/pts/1 80 24 0 99999999999 :", "9999999999 13 /dev/pts/1 80 24 0 5 :",
        "12 -1 /dev/pts/1 80 24 0 5 :", "12 ١٣ /dev/pts/1 80 24 0 5 :",
    ],
)  # fmt: skip
async def test_facts_that_cannot_be_are_a_failure(tmp_path: Path, said: str) -> None:
    with pytest.raises(TmuxFailed):
        await facts(answering(tmp_path, f"echo '{said}'"))


async def test_facts_as_tmux_says_them(tmp_path: Path) -> None:
    found = await facts(answering(tmp_path, "echo '12 13 /dev/pts/1 80 24 1  1,1000:2'"))
    assert (found.server_pid, found.pane_pid, found.tty, found.dead, found.generation) == (
        12,
        13,
        "/dev/pts/1",
        True,
        0,
    )
    assert (found.cols, found.rows, found.modes) == (80, 24, "1,1000:2")


async def test_an_answer_without_end_is_cut(tmp_path: Path) -> None:
    server = answering(tmp_path, "exec yes")
    with pytest.raises(TmuxFailed):
        await server.run("anything")
    assert len(await answering(tmp_path, "printf '%1000000s' x").run("x")) <= MAX_PRINTED


async def test_a_failure_is_told_in_short(tmp_path: Path) -> None:
    with pytest.raises(TmuxFailed) as failed:
        await answering(tmp_path, "printf '%9000s' x | tr ' ' y >&2; exit 1").run("x")
    assert len(str(failed.value)) <= 500


def test_a_notice_without_end_is_cut() -> None:
    parser = ControlParser(lambda _: None)
    parser.feed(b"x" * MAX_NOTICE)
    with pytest.raises(TmuxFailed):
        parser.feed(b"x")


@pytest.mark.parametrize("said", ["", "1 2", "1 x ", "1  x", "1 2 3 4"])
def test_an_end_that_is_none_is_a_failure(said: str) -> None:
    with pytest.raises(TmuxFailed):
        _exit_code(said)


@pytest.mark.parametrize(
    ("said", "code"), [("0  ", None), ("1  ", None), ("1 7 \n", 7), ("1  9\n", 137), ("1 999 ", 231)]
)
def test_an_end_gives_an_exit_code_that_can_be(said: str, code: int | None) -> None:
    assert _exit_code(said) == code


@pytest.mark.parametrize("answers", [[], [[]], [[b"1 2"], [], [], []], [[b"x" * 100], [b""], [b""], [b""]]])
def test_a_screen_that_cannot_be_is_a_failure(answers: list[list[bytes]]) -> None:
    with pytest.raises(TmuxFailed):
        _understood(answers)


@pytest.mark.parametrize("word", ["", ":", "x" * 1000, "1000:" + "9" * 100, "1000:²", ":::", "\ufffd,:1"])
def test_modes_of_the_daemon_before_may_be_anything(word: str) -> None:
    modes = ModeTracker(lambda _: None, lambda: None)
    modes.restore(word)
    assert len(modes.sequences()) < 200
