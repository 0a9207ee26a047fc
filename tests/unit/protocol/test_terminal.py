"""The messages of the terminal WebSocket."""

from __future__ import annotations

import json

import pytest

from protocol.codec import encode
from protocol.problems import Problem, ProblemCode
from protocol.terminal import (
    TerminalAck,
    TerminalControl,
    TerminalEnded,
    TerminalError,
    TerminalResize,
    TerminalSnapshot,
    TerminalTakeControl,
    parse_client_message,
)


def test_browser_messages_are_read() -> None:
    assert parse_client_message('{"type": "session.take_control"}') == TerminalTakeControl()
    assert parse_client_message('{"type": "session.resize", "cols": 80, "rows": 24}') == TerminalResize(
        cols=80, rows=24
    )
    assert parse_client_message('{"type": "session.ack", "seq": 9, "session_id": "s"}') == TerminalAck(seq=9)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"type": "session.end"}', ProblemCode.UNKNOWN_COMMAND),
        ('{"type": "session.resize", "cols": 0, "rows": 24}', ProblemCode.MALFORMED_MESSAGE),
        ('{"type": "session.resize", "cols": 80}', ProblemCode.MALFORMED_MESSAGE),
        ('{"type": "session.ack", "seq": -1}', ProblemCode.MALFORMED_MESSAGE),
        ("}", ProblemCode.MALFORMED_MESSAGE),
        (" " * 70_000, ProblemCode.TOO_LARGE),
    ],
)
def test_bad_browser_messages_are_refused(text: str, code: ProblemCode) -> None:
    with pytest.raises(Problem) as caught:
        parse_client_message(text)
    assert caught.value.code is code


def test_device_messages_are_written() -> None:
    assert json.loads(encode(TerminalControl(yours=False, may_write=True))) == {
        "schema_version": "1",
        "type": "session.control",
        "yours": False,
        "may_write": True,
    }
    assert json.loads(encode(TerminalEnded(exit_code=0)))["exit_code"] == 0
    error = TerminalError(error="Take control first.", code=ProblemCode.NOT_IN_CONTROL)
    assert json.loads(encode(error))["code"] == "not_in_control"


def test_a_snapshot_may_hold_a_long_history() -> None:
    snapshot = TerminalSnapshot(
        session_id="s",
        content="line\r\n" * 500_000,
        cols=80,
        rows=24,
        cursor_x=0,
        cursor_y=23,
        cursor_visible=True,
        alternate_on=False,
        seq=0,
        scrollback=499_976,
        modes="",
        title="",
    )
    assert json.loads(encode(snapshot, max_bytes=None))["content"] == snapshot.content
