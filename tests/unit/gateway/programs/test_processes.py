from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gateway.programs.processes import find, send, wait

MARK = "HUTCH_TEST_MARK=here"
# Prints its id from a child that left its parent, its group and its session.
DAEMON = "import os,time; os.fork() and os._exit(0); os.setsid(); print(os.getpid(), flush=True); time.sleep(60)"


@pytest.fixture
def leader() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"], env={"PATH": os.defpath}, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def started(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[19])


def test_the_family_the_session_and_the_marked_are_found_and_nobody_else(leader: subprocess.Popen[bytes]) -> None:
    environ = {"PATH": os.defpath, "HUTCH_TEST_MARK": "here"}
    parent = subprocess.Popen([sys.executable, "-c", DAEMON], env=environ, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    own_master = int(parent.stdout.readline())
    parent.wait()
    parent.stdout.close()
    stranger = subprocess.Popen(["sleep", "60"], env={"PATH": os.defpath, "HUTCH_TEST_MARK": "there"})
    try:
        found = {pid for pid, _ in find(leader.pid, MARK, [])}
        assert found == {leader.pid, own_master}
        # The daemon below keeps its own; known ones are looked at again.
        assert {pid for pid, _ in find(leader.pid, "NO=mark", [(own_master, started(own_master))])} == found
        assert {pid for pid, _ in find(leader.pid, "NO=mark", [(own_master, 1)])} == {leader.pid}
    finally:
        stranger.kill()
        stranger.wait()
        send([(own_master, started(own_master))], 9)
        assert wait([own_master], 20)


def test_descendants_of_what_is_found_are_found_too() -> None:
    process = subprocess.Popen(
        ["sh", "-c", "sleep 60 & sleep 61 & echo both; wait"], stdout=subprocess.PIPE, env={"PATH": os.defpath}
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"both\n"
        children = {child.pid for child in psutil.Process(process.pid).children()}
        assert {pid for pid, _ in find(process.pid, MARK, [])} == {process.pid, *children}
        send([(pid, started(pid)) for pid in children], 15)
        assert wait(children, 20)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("pid", [0, 1])
def test_everybody_is_nobodys_family(pid: int) -> None:
    assert find(pid, MARK, []) == []


def test_an_id_that_is_somebody_elses_now_is_left_alone(leader: subprocess.Popen[bytes]) -> None:
    send([(leader.pid, started(leader.pid) + 1)], 9)
    assert not wait([leader.pid], 0.05)
    send([(leader.pid, started(leader.pid))], 9)
    assert wait([leader.pid], 20)
    send([(2**30, 1)], 9)


def test_waiting_for_what_is_not_there_is_short() -> None:
    assert wait([2**30, 2**31 - 1], 5)
    assert wait([], 5)
