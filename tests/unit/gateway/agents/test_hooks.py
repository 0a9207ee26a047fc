from __future__ import annotations

import asyncio
import base64
import json
import os
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.hook_program import HOOK_PROGRAM, MAX_DATA, VARIABLE
from gateway.agents.hooks import MAX_AT_ONCE, MAX_LINE, Heard, HookChannel, parse


def line(event: str = "Stop", data: object = None, cli: str = "codex") -> bytes:
    encoded = base64.b64encode(json.dumps(data or {}).encode()).decode()
    return json.dumps({"cli": cli, "event": event, "data": encoded}).encode()


def test_a_line_is_an_event_with_its_fields() -> None:
    assert parse(line("Stop", {"turn": 1})) == Heard("codex", "Stop", {"turn": 1})


def test_of_a_json_that_lost_its_end_the_texts_are_left() -> None:
    told = json.dumps(
        {"cwd": "/w", "tool_name": "Write", "tool_input": {"file_path": '/w/"a".py', "content": "x" * 9000}}
    )
    encoded = base64.b64encode(told.encode()[:MAX_DATA]).decode()
    heard = parse(json.dumps({"cli": "codex", "event": "PermissionRequest", "data": encoded}).encode())
    assert heard is not None
    given = heard.data["tool_input"]
    assert isinstance(given, dict)
    assert (heard.data["cwd"], heard.data["tool_name"], given["file_path"]) == ("/w", "Write", '/w/"a".py')


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"not json",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"cli": 1, "event": "Stop"}',
        b'{"cli": "codex", "event": "no spaces please"}',
        b'{"cli": "codex", "event": "' + b"a" * 65 + b'"}',
        line(data={"a": "b" * MAX_LINE}),
    ],
)
def test_what_is_no_line_says_nothing(hostile: bytes) -> None:
    assert parse(hostile) is None


@pytest.mark.parametrize("data", ["%%%", base64.b64encode(b"[1]").decode(), base64.b64encode(b"[" * 900).decode()])
def test_data_that_cannot_be_read_is_no_data(data: str) -> None:
    assert parse(json.dumps({"cli": "codex", "event": "Stop", "data": data}).encode()) == Heard("codex", "Stop", {})


@given(st.binary(max_size=MAX_LINE + 10))
def test_no_bytes_do_harm(hostile: bytes) -> None:
    parse(hostile)


@given(st.binary(max_size=MAX_DATA))
def test_no_data_do_harm(hostile: bytes) -> None:
    encoded = base64.b64encode(hostile).decode()
    assert parse(json.dumps({"cli": "x", "event": "E", "data": encoded}).encode()) is not None


class Ear:
    """What a channel heard, and a wait for it."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._news = asyncio.Event()

    def __call__(self, heard: Heard) -> None:
        self.heard.append(heard)
        self._news.set()

    async def until(self, event: str) -> None:
        async with asyncio.timeout(20):
            while not any(one.event == event for one in self.heard):
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def fifo(tmp_path: Path, ear: Ear) -> AsyncIterator[Path]:
    path = tmp_path / "session.hook"
    path.write_text("somebody was here first")
    channel = HookChannel(path, ear)
    await channel.open()
    yield path
    await channel.close(remove=True)
    await channel.close(remove=True)
    assert not path.exists()


async def write(path: Path, content: bytes) -> None:
    def writing() -> None:
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.write(descriptor, content)
        finally:
            os.close(descriptor)

    await asyncio.to_thread(writing)


async def test_writers_come_and_go(fifo: Path, ear: Ear) -> None:
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert stat.S_IMODE(fifo.stat().st_mode) == 0o660
    await write(fifo, line("One")[:10])
    await write(fifo, line("One")[10:] + b"\n" + line("Two") + b"\n")
    await ear.until("Two")
    await write(fifo, b"garbage\n" + line("Three") + b"\n")
    await ear.until("Three")
    assert [heard.event for heard in ear.heard] == ["One", "Two", "Three"]


async def test_of_a_flood_the_end_counts(fifo: Path, ear: Ear) -> None:
    await write(fifo, (line("Flood") + b"\n") * 500 + line("Last") + b"\n")
    await ear.until("Last")
    assert len(ear.heard) <= 2 * MAX_AT_ONCE


async def test_a_line_without_an_end_is_forgotten(fifo: Path, ear: Ear) -> None:
    for _ in range(4):
        await write(fifo, b"x" * 60_000)
    await write(fifo, b"\n" + line("After") + b"\n")
    await ear.until("After")


async def program(
    tmp_path: Path, *arguments: str, given: bytes, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    path = tmp_path / "hutch-hook"
    path.write_text(HOOK_PROGRAM.text)
    path.chmod(0o755)
    return await asyncio.to_thread(
        subprocess.run,
        [str(path), *arguments],
        input=given,
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("size", [10, 2_000_000])
async def test_the_program_tells_in_one_line_and_says_nothing(tmp_path: Path, fifo: Path, ear: Ear, size: int) -> None:
    told = json.dumps({"tool_name": "Bash", "tool_input": {"command": "ls 'a' \"b\"\n" + "x" * size}}).encode()
    done = await program(tmp_path, "claude-code", "PermissionRequest", given=told, **{VARIABLE: str(fifo)})
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    await ear.until("PermissionRequest")
    (heard,) = ear.heard
    assert (heard.cli, heard.data["tool_name"]) == ("claude-code", "Bash")


async def test_the_program_waits_for_nobody(tmp_path: Path) -> None:
    alone = tmp_path / "alone.hook"
    os.mkfifo(alone)
    (tmp_path / "file").write_text("kept")
    for path in (str(alone), str(tmp_path / "file"), str(tmp_path / "not-there"), ""):
        done = await program(tmp_path, "codex", "Stop", given=b"{}", **{VARIABLE: path})
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "file").read_text() == "kept"
