from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sessions.control_client import Command, ControlParser, _Waiting
from gateway.sessions.tmux import TmuxFailed

STREAM = (
    b"%begin 1 10 0\n%end 1 10 0\n%session-changed $0 hutch\n"
    b"%begin 2 11 1\n%end 2 11 1\n%error 2 11 1\ntext\n%end 2 11 1\n"
    b"%begin 2 12 1\nplain\n%end 2 12 1\n%layout-change @0 x\n"
    b"%begin 3 13 1\nno such pane\n%error 3 13 1\n"
)


@given(st.lists(st.integers(1, 40), max_size=20))
def test_answers_are_sorted_however_the_stream_is_cut(cuts: list[int]) -> None:
    loop = asyncio.new_event_loop()
    try:
        notices: list[bytes] = []
        parser = ControlParser(notices.append)
        # The first answer has three lines, two of which look like the end of it.
        good = _Waiting([Command("a", lambda _: 3), Command("b")], loop.create_future())
        bad = _Waiting([Command("c"), Command("d")], loop.create_future())
        parser.expect(good)
        parser.expect(bad)
        rest = STREAM
        for cut in cuts:
            parser.feed(rest[:cut])
            rest = rest[cut:]
        parser.feed(rest)
        assert good.answer.result() == [[b"%end 2 11 1", b"%error 2 11 1", b"text"], [b"plain"]]
        assert isinstance(bad.answer.exception(), TmuxFailed)
        assert notices == [b"%session-changed $0 hutch", b"%layout-change @0 x"]
    finally:
        loop.close()


def test_whoever_waits_is_told_when_tmux_goes() -> None:
    loop = asyncio.new_event_loop()
    try:
        parser = ControlParser(lambda _: None)
        waiting = _Waiting([Command("a")], loop.create_future())
        parser.expect(waiting)
        parser.fail(TmuxFailed("gone"))
        with pytest.raises(TmuxFailed):
            waiting.answer.result()
    finally:
        loop.close()
