"""Where the output of a far command begins."""

from __future__ import annotations

import subprocess

import pytest

from appliance.cli.fleet.prelude import Prelude


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_only_what_the_command_prints_comes_through_however_it_arrives(size: int) -> None:
    prelude = Prelude()
    line = prelude.marked("echo one; echo two")
    shown = b"$ exec /bin/sh -c '" + line.encode() + b"'\r\n" + _printed(line)
    got = b"".join(prelude.feed(shown[at : at + size]) for at in range(0, len(shown), size))
    assert (got, prelude.rest()) == (b"one\ntwo\n", b"")


def test_a_shell_that_does_not_run_it_says_why() -> None:
    prelude = Prelude()
    assert prelude.feed(b"sh: syntax error\r\n") == b""
    assert prelude.rest() == b"sh: syntax error\r\n"


def test_a_mark_that_never_comes_hides_no_more_than_it_must() -> None:
    prelude = Prelude()
    pieces = [prelude.feed(bytes(1024)) for _ in range(100)]
    assert sum(map(len, pieces)) == 100 * 1024
    assert pieces[0] == b""


def _printed(line: str) -> bytes:
    return subprocess.run(["/bin/sh", "-c", line], check=True, capture_output=True).stdout
