from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.lines import MAX_LINE, Throttle, beating, plain_lines, shown


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text\x1b]8;;http://x\x1b\\link", "textlink"),
        ("a\tb\x00\x07\x7fc", "abc"),
        ("fetch https://me:secret@host/x", "fetch https://***host/x"),
        ("//host/:_authToken=npm_secret rest", "//host/:_authToken=*** rest"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
    ],
)
def test_lines_are_plain_and_without_credentials(line: str, expected: str) -> None:
    assert shown(line) == expected


@given(st.text())
def test_any_line_can_be_shown(line: str) -> None:
    text = shown(line)
    assert len(text) <= MAX_LINE
    assert all(c.isprintable() for c in text)


@given(st.lists(st.binary(max_size=20), max_size=15))
async def test_lines_are_the_same_however_they_arrive(chunks: list[bytes]) -> None:
    async def read(parts: list[bytes]) -> list[str]:
        stream = asyncio.StreamReader()
        for part in parts:
            stream.feed_data(part)
        stream.feed_eof()
        return [line async for line in plain_lines(stream)]

    assert await read(chunks) == await read([b"".join(chunks)])


async def test_an_endless_line_takes_no_memory() -> None:
    stream = asyncio.StreamReader(limit=2**20)
    stream.feed_data(b"x" * 10_000_000 + b"\nnext\n")
    stream.feed_eof()
    assert [len(line) async for line in plain_lines(stream)] == [MAX_LINE, 4]


def test_a_flood_of_lines_is_thinned() -> None:
    now = 0.0
    told: list[str] = []
    throttle = Throttle(told.append, lambda: now, per_second=2, total=5)
    for second in range(4):
        now = float(second)
        for number in range(10):
            throttle(f"{second}.{number}")
    assert told == ["0.0", "0.1", "1.0", "1.1", "2.0"]


async def test_silence_is_filled_and_ends_with_the_work() -> None:
    beaten = asyncio.Event()
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        beaten.set()

    async with beating(tell, seconds=0.01):
        await asyncio.wait_for(beaten.wait(), 20)
    assert told[0] == "Still at it, 0.01 s so far."
