"""The device's end, step by step."""

from __future__ import annotations

import json

import pytest

from protocol.events import (
    SessionEnded,
    SessionSnapshot,
)
from protocol.frames import BinaryFrame, FrameKind
from protocol.link import (
    Abort,
    Close,
    DeliverInput,
    DeviceLink,
    DeviceState,
    Dial,
    Greet,
    Note,
    SampleHealth,
    SendBinary,
    SendPing,
    SendText,
)
from protocol.problems import Problem, ProblemCode
from tests.unit.protocol import examples
from tests.unit.protocol.link.driver import (
    HEALTH,
    deliver,
    kinds,
    live_device,
    new_device,
    only,
    sent,
    snapshot,
    state_of,
)


def test_the_greeting_comes_in_its_order() -> None:
    link = new_device()
    assert link.deadline is None
    assert link.start(0) == [Dial()]
    hello, greet = link.connected(1)
    assert isinstance(hello, SendText)
    assert greet == Greet()
    assert state_of(link) is DeviceState.GREETING
    rest = sent(link.greet(HEALTH, [snapshot("a"), snapshot("b")], 2))
    assert [json.loads(hello.text)["type"], *kinds(rest)] == [
        "gateway.hello",
        "gateway.health",
        "session.snapshot",
        "session.snapshot",
    ]
    assert "request_id" not in rest[1]
    assert state_of(link) is DeviceState.LIVE


def test_what_happens_during_the_greeting_waits_for_its_end() -> None:
    link = new_device()
    link.start(0)
    link.connected(0)
    assert link.output("a", 0, b"early", 0) == []
    assert link.send(SessionEnded(session_id="z"), 0) == []
    delivered = deliver(link, "session.input")
    assert link.succeed(delivered, now=0) == []
    assert only(Note, link.received_text('{"type": "x", "request_id": "r2"}', 0)).problem.code == "unknown_command"
    assert [(w["type"], w.get("request_id")) for w in sent(link.greet(HEALTH, [snapshot("a")], 1))] == [
        ("gateway.health", None),
        ("session.snapshot", None),
        ("session.ended", None),
        ("ack", "r1"),
        ("ack", "r2"),
    ]
    frame = BinaryFrame(FrameKind.OUTPUT, "a", 0, b"now")
    assert link.output("a", 0, b"now", 1) == [SendBinary(frame.encode())]


def test_a_greeting_that_takes_too_long_ends_the_connection() -> None:
    link = new_device()
    link.start(0)
    link.connected(0)
    assert link.deadline == 15
    assert only(Close, link.tick(15)).code == 1011
    assert link.greet(HEALTH, [], 16) == []
    assert link.tick(25) == [Abort()]
    assert state_of(link) is DeviceState.WAITING


def test_too_much_held_back_ends_the_connection() -> None:
    link = new_device()
    link.start(0)
    link.connected(0)
    actions = [action for _ in range(1025) for action in link.send(SessionEnded(session_id="z"), 0)]
    assert only(Close, actions).code == 1011


def test_a_greeting_takes_no_answers() -> None:
    link = new_device()
    link.start(0)
    link.connected(0)
    with pytest.raises(ValueError, match="answers no request"):
        link.greet(HEALTH, [SessionSnapshot(request_id="r", session_id="a", content="")], 0)


def test_a_screen_too_large_for_the_link_does_not_stop_the_greeting() -> None:
    link = new_device()
    link.start(0)
    link.connected(0)
    actions = link.greet(HEALTH, [SessionSnapshot(session_id="a", content="\x1b" * 200_000), snapshot("b")], 0)
    assert kinds(sent(actions)) == ["gateway.health", "session.snapshot"]
    assert [a.problem.code for a in actions if isinstance(a, Note)] == ["too_large"]


def test_health_and_pings_come_in_their_time() -> None:
    link = live_device()
    assert link.deadline == 20
    assert link.tick(19) == []
    assert link.tick(20) == [SendPing(b"1")]
    link.pong(b"1", 20.1)
    assert link.deadline == 30
    assert link.tick(30) == [SampleHealth()]
    assert kinds(sent(link.send(HEALTH, 30))) == ["gateway.health"]
    assert link.tick(40) == [SendPing(b"2")]
    link.pong(b"2", 40.1)
    assert link.tick(60) == [SendPing(b"3"), SampleHealth()]


def test_two_unanswered_pings_close_the_socket_and_the_device_comes_back() -> None:
    link = live_device()
    actions = [action for now in (20, 30, 35, 40, 55) for action in link.tick(now)]
    assert [type(action) for action in actions] == [SendPing, SampleHealth, SendPing, Close]
    assert state_of(link) is DeviceState.CLOSING
    assert link.lost(56) == []
    assert state_of(link) is DeviceState.WAITING
    assert link.deadline == 57
    assert link.tick(57) == [Dial()]


def test_a_socket_that_does_not_close_is_cut() -> None:
    link = live_device()
    link.received_text("x" * (2 * 1024 * 1024 + 1), 0)
    assert state_of(link) is DeviceState.CLOSING
    assert link.tick(9.9) == []
    assert link.tick(10) == [Abort()]
    assert state_of(link) is DeviceState.WAITING


def test_an_attempt_that_hangs_is_given_up() -> None:
    link = new_device()
    link.start(0)
    assert link.tick(30) == [Abort()]
    assert state_of(link) is DeviceState.WAITING
    assert link.tick(31) == [Dial()]


def test_waits_grow_until_a_connection_was_stable() -> None:
    link = new_device()
    link.start(0)
    now, waits = 0.0, []
    for held in (None, None, None, 29.0, 30.0, None):
        if held is not None:
            link.connected(now)
            now += held
        link.lost(now)
        assert link.deadline is not None
        waits.append(link.deadline - now)
        now = link.deadline
        assert link.tick(now) == [Dial()]
    assert waits == [1, 1, 2, 4, 1, 1]


def test_a_refusal_is_not_hurried() -> None:
    link = new_device()
    link.start(0)
    link.lost(0, refused=True)
    assert link.deadline == 15


@pytest.mark.parametrize("minutes", [0, 1])
def test_stop_is_final(minutes: int) -> None:
    link = live_device()
    assert only(Close, link.stop(5)).code == 1001
    assert state_of(link) is DeviceState.STOPPING
    if minutes:
        assert link.tick(60 * minutes) == [Abort()]
    else:
        assert link.lost(6) == []
    assert state_of(link) is DeviceState.STOPPED
    assert link.deadline is None
    assert link.start(100) == []
    assert link.connected(100) == []


def test_stop_without_a_socket_is_at_once() -> None:
    dialling, waiting, idle = new_device(), new_device(), new_device()
    dialling.start(0)
    waiting.start(0)
    waiting.lost(0)
    assert dialling.stop(0) == [Abort()]
    assert waiting.stop(0) == []
    assert idle.stop(0) == []
    assert {dialling.state, waiting.state, idle.state} == {DeviceState.STOPPED}


def test_a_clock_that_runs_backwards_stands_still() -> None:
    link = live_device(now=100)
    assert link.tick(50) == []
    assert link.deadline == 120
    assert link.lost(60) == []
    assert link.deadline == 101


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"type": "session.dance", "request_id": "r1"}', "unknown command: session.dance"),
        ('{"type": "session.end", "request_id": "r1"}', "session_id: Field required"),
        ('{"type": "session.end", "request_id": "r1"', "not JSON"),
        ('{"request_id": "r1", "data": "' + "A" * 1024 * 1024 + '"}', "may hold 1048576"),
    ],
    ids=["unknown", "fields", "json", "size"],
)
def test_what_cannot_be_read_is_refused_where_its_request_is_known(text: str, error: str) -> None:
    link = live_device()
    actions = link.received_text(text, 0)
    (ack,) = sent(actions)
    assert (ack["type"], ack["request_id"], ack["ok"]) == ("ack", "r1", False)
    assert error in str(ack["error"])
    assert state_of(link) is DeviceState.LIVE
    assert deliver(link, "session.end", "r2").command.request_id == "r2"


def test_what_cannot_be_read_is_dropped_where_its_request_is_not_known() -> None:
    link = live_device()
    for text in ("", "{", "[]", '{"type": "x"}', b"\xff"):
        assert isinstance(only(Note, link.received_text(text, 0)), Note)
    assert state_of(link) is DeviceState.LIVE


def test_over_two_mebibytes_the_socket_is_closed() -> None:
    for receive in (DeviceLink.received_text, DeviceLink.received_binary):
        link = live_device()
        assert only(Close, receive(link, b"x" * (2 * 1024 * 1024 + 1), 0)).code == 1009
        assert receive(link, b"x", 0) == []


def test_too_many_waiting_commands_are_refused() -> None:
    link = live_device()
    first = [deliver(link, "session.end", f"r{n}") for n in range(1024)]
    (ack,) = sent(link.received_text(json.dumps(examples.command("session.end", "more")), 0))
    assert (ack["request_id"], ack["ok"]) == ("more", False)
    link.succeed(first[0], now=0)
    assert deliver(link, "session.end", "again").command.request_id == "again"


def test_terminal_input_is_delivered() -> None:
    link = live_device()
    frame = BinaryFrame(FrameKind.INPUT, "a", 3, bytes(1024 * 1024))
    assert only(DeliverInput, link.received_binary(frame.encode(), 0)).frame == frame
    wrong = BinaryFrame(FrameKind.OUTPUT, "a", 3, b"x").encode()
    assert only(Note, link.received_binary(wrong, 0)).problem.code is ProblemCode.MALFORMED_FRAME
    assert only(Note, link.received_binary(b"\x02", 0)).problem.code is ProblemCode.MALFORMED_FRAME
    assert state_of(link) is DeviceState.LIVE


def test_more_output_than_a_frame_holds_is_refused() -> None:
    with pytest.raises(Problem, match="may hold 16384"):
        live_device().output("a", 0, bytes(16 * 1024 + 1), 0)


def test_nothing_is_sent_without_a_connection() -> None:
    link = live_device()
    link.lost(0)
    assert link.send(HEALTH, 0) == []
    assert link.output("a", 0, b"x", 0) == []
    assert link.received_text("{", 0) == []
    assert link.received_binary(b"", 0) == []
    assert link.pong(b"1", 0) == []
