from __future__ import annotations

import struct

import pytest

from hub.nodes.calls import MAX_WITHIN, read_answer, read_call, write_answer, write_call
from hub.nodes.relay.items import MAX_ITEM, ItemReader, encode_item
from hub.ports import ControlChanged, Output, SessionEnded, WatchItem
from protocol.commands import AgentsList
from protocol.events import Ack, SessionSnapshot
from protocol.link.actions import Answered
from protocol.problems import Problem

ITEMS: list[WatchItem] = [
    SessionSnapshot(session_id="s", content="ä\r\n$ ", seq=2**53 - 1),
    Output(0, b""),
    Output(2**53, bytes(range(256))),
    ControlChanged(None, yours=False, may_write=True),
    SessionEnded(None),
    SessionEnded(255),
]


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_items_are_the_same_however_their_bytes_are_cut(step: int) -> None:
    data = b"".join(encode_item(item) for item in ITEMS)
    reader = ItemReader()
    found = [item for at in range(0, len(data), step) for item in reader.feed(data[at : at + step])]
    assert found == ITEMS


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">Ic", 3, b"O") + b"abc",
        struct.pack(">Ic", 2, b"S") + b"{}",
        struct.pack(">Ic", 2, b"C") + b"{}",
        struct.pack(">Ic", 2, b"R") + b"[]",
        struct.pack(">Ic", 1, b"E") + b"x",
        struct.pack(">Ic", 0, b"?"),
        struct.pack(">Ic", MAX_ITEM + 1, b"O"),
        struct.pack(">Ic", 34, b"S") + b'{"type":"ack","request_id":"r",  }',
    ],
)
def test_what_is_no_item_is_a_problem(data: bytes) -> None:
    with pytest.raises(Problem):
        list(ItemReader().feed(data))


def test_calls_and_answers_read_back() -> None:
    command = AgentsList(request_id="r-1")
    assert read_call(write_call(command, 2.5)) == (command, 2.5)
    answered = Answered(command, ok=False, error="line\nline", events=(Ack(request_id="r-1", ok=False, error="x\ny"),))
    assert read_answer(command, write_answer(answered)) == answered


@pytest.mark.parametrize("within", [0.0, -1.0, float("nan"), float("inf"), MAX_WITHIN + 1])
def test_a_call_takes_a_time_that_makes_sense(within: float) -> None:
    with pytest.raises(Problem):
        read_call(write_call(AgentsList(request_id="r"), within))


@pytest.mark.parametrize("data", [b"", b"12345678", b"\x00" * 7, struct.pack(">d", 1.0) + b'{"type":"nothing"}'])
def test_what_is_no_call_is_a_problem(data: bytes) -> None:
    with pytest.raises(Problem):
        read_call(data)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"ok":1,"error":null}', b'{"ok":true,"error":null}\n{}'])
def test_what_is_no_answer_is_a_problem(data: bytes) -> None:
    with pytest.raises(Problem):
        read_answer(AgentsList(request_id="r"), data)
