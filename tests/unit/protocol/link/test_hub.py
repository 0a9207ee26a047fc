"""The hub's end, step by step."""

from __future__ import annotations

import json

import pytest

from protocol.codec import encode, parse_command
from protocol.commands import AnyCommand, SessionInput
from protocol.events import Ack, AgentInstalled, AnyEvent, SessionEnded, SessionStarted, SshKeys
from protocol.frames import BinaryFrame, FrameKind
from protocol.link import (
    Abort,
    Answered,
    Close,
    DeliverEvent,
    DeliverOutput,
    Gap,
    HubLink,
    HubState,
    Note,
    SendBinary,
    SendText,
    Unanswered,
)
from protocol.problems import Problem, ProblemCode
from tests.unit.protocol import examples
from tests.unit.protocol.link.driver import HEALTH, HELLO, only, snapshot


def _open(now: float = 0.0) -> HubLink:
    hub = HubLink("gw", now)
    assert only(DeliverEvent, hub.received_text(encode(HELLO), now)).event == HELLO
    return hub


def _command(kind: str, request_id: str = "r1") -> AnyCommand:
    return parse_command(json.dumps(examples.command(kind, request_id)))


def _frame(seq: int, session_id: str = "a") -> bytes:
    return BinaryFrame(FrameKind.OUTPUT, session_id, seq, b"x").encode()


def _kinds(hub: HubLink, *seqs: int) -> list[type]:
    return [type(action) for seq in seqs for action in hub.received_binary(_frame(seq), 0)]


def test_the_hello_opens_the_connection() -> None:
    hub = HubLink("gw", 0)
    assert isinstance(only(Note, hub.received_text(encode(HEALTH), 0)), Note)
    assert isinstance(only(Note, hub.received_binary(_frame(0), 0)), Note)
    assert isinstance(only(Unanswered, hub.request(_command("ssh.list"), 0)), Unanswered)
    assert hub.input("a", 0, b"x") == []
    hub.received_text(encode(HELLO), 1)
    assert hub.state is HubState.OPEN
    assert only(DeliverEvent, hub.received_text(encode(HEALTH), 1)).event == HEALTH
    assert isinstance(only(SendBinary, hub.input("a", 0, b"x")), SendBinary)


def test_a_device_that_does_not_say_hello_is_sent_away() -> None:
    hub = HubLink("gw", 0)
    assert hub.tick(14) == []
    assert only(Close, hub.tick(15)).code == 1008
    assert hub.tick(25) == [Abort()]
    assert hub.state is HubState.CLOSED
    assert hub.deadline is None


def test_a_hello_of_another_gateway_is_sent_away() -> None:
    hub = HubLink("other", 0)
    note, close = hub.received_text(encode(HELLO), 0)
    assert isinstance(note, Note)
    assert isinstance(close, Close)
    assert hub.lost(1) == []
    assert hub.state is HubState.CLOSED


def test_silence_ends_the_connection() -> None:
    hub = _open()
    hub.received_text(encode(HEALTH), 60)
    assert hub.tick(149) == []
    hub.received_binary(_frame(0), 149)
    hub.received_binary(b"", 200)
    assert hub.tick(238) == []
    assert only(Close, hub.tick(239)).reason == "no sign of life for 90 s"


def test_what_is_no_message_may_be_a_sign_of_life() -> None:
    hub = HubLink("gw", 0, silent_after=10)
    hub.received_text(encode(HELLO), 0)
    hub.alive(5)
    hub.alive(3)
    assert hub.tick(14) == []
    assert only(Close, hub.tick(15)).reason == "no sign of life for 10 s"
    hub.alive(15)
    assert hub.state is HubState.CLOSING


def test_an_ack_answers_its_request() -> None:
    hub = _open()
    command = _command("session.input")
    assert only(SendText, hub.request(command, 0)).text == encode(command)
    answered = only(Answered, hub.received_text(encode(Ack(request_id="r1", ok=True)), 1))
    assert (answered.command, answered.ok, answered.error) == (command, True, None)
    assert hub.tick(11) == []


def test_events_that_name_the_request_belong_to_its_answer() -> None:
    hub = _open()
    hub.request(_command("session.create"), 0)
    started = SessionStarted(request_id="r1", session_id="s1")
    ack = Ack(request_id="r1", ok=True)
    assert hub.received_text(encode(started), 1) == []
    assert only(Answered, hub.received_text(encode(ack), 1)).events == (started, ack)


def test_a_refusal_carries_its_sentence() -> None:
    hub = _open()
    hub.request(_command("ssh.list", "r1"), 0)
    hub.request(_command("gateway.update", "r2"), 0)
    hub.request(_command("session.end", "r3"), 0)
    no = only(Answered, hub.received_text(encode(Ack(request_id="r1", ok=False, error="No.")), 1))
    assert (no.ok, no.error) == (False, "No.")
    failed = json.dumps(examples.event("gateway.update_failed") | {"request_id": "r2"})
    assert only(Answered, hub.received_text(failed, 1)).error == "The signature is not valid."
    bare = only(Answered, hub.received_text(encode(Ack(request_id="r3", ok=False)), 1))
    assert bare.error


def test_an_ack_beside_the_real_answer_is_tolerated() -> None:
    hub = _open()
    hub.request(_command("ssh.list"), 0)
    assert hub.received_text(encode(Ack(request_id="r1", ok=True)), 1) == []
    keys = SshKeys(request_id="r1", keys=())
    assert only(Answered, hub.received_text(encode(keys), 1)).events[-1] == keys


def test_a_request_without_an_answer_ends_after_ten_seconds() -> None:
    hub = _open()
    hub.request(_command("session.end", "r1"), 0)
    hub.request(_command("agents.install", "r2"), 0, within=600)
    hub.received_text(encode(HEALTH), 9)
    assert hub.deadline == 10
    assert only(Unanswered, hub.tick(10)).problem.code is ProblemCode.TIMEOUT
    assert isinstance(only(Note, hub.received_text(encode(Ack(request_id="r1", ok=True)), 11)), Note)
    assert isinstance(only(Note, hub.received_text(encode(Ack(request_id="r1", ok=True)), 11)), Note)


def test_a_late_event_is_delivered_on_its_own() -> None:
    hub = _open()
    hub.request(_command("agents.install"), 0)
    hub.tick(10)
    late = AgentInstalled(request_id="r1", agent="gemini", version="1")
    assert only(DeliverEvent, hub.received_text(encode(late), 40)).event == late


def test_a_lost_device_leaves_no_request_open() -> None:
    hub = _open()
    for name in ("r1", "r2"):
        hub.request(_command("session.end", name), 0)
    gone = hub.lost(1)
    assert [(a.command.request_id, a.problem.code) for a in gone if isinstance(a, Unanswered)] == [
        ("r1", ProblemCode.UNAVAILABLE),
        ("r2", ProblemCode.UNAVAILABLE),
    ]
    assert hub.lost(2) == []


def test_a_request_id_is_used_once_at_a_time() -> None:
    hub = _open()
    hub.request(_command("ssh.list"), 0)
    with pytest.raises(Problem) as caught:
        hub.request(_command("ssh.list"), 0)
    assert caught.value.code is ProblemCode.CONFLICT


def test_what_cannot_be_sent_is_unanswered() -> None:
    hub = _open()
    huge = SessionInput(request_id="r1", session_id="s", data=bytes(1024 * 1024))
    assert only(Unanswered, hub.request(huge, 0)).problem.code is ProblemCode.TOO_LARGE
    for number in range(1024):
        hub.request(_command("ssh.list", f"q{number}"), 0)
    assert only(Unanswered, hub.request(_command("ssh.list", "more"), 0)).problem.code is ProblemCode.TOO_MANY


def test_a_hub_reads_tolerantly() -> None:
    hub = _open()
    ended = only(DeliverEvent, hub.received_text('{"type": "session.ended", "session_id": "s", "mood": 1}', 0)).event
    assert ended == SessionEnded(session_id="s")
    assert hub.received_text('{"type": "gateway.dream", "schema_version": "1"}', 0) == []
    assert isinstance(only(Note, hub.received_text("{", 0)), Note)
    assert isinstance(only(Note, hub.received_binary(bytes(64 * 1024 + 1), 0)), Note)
    assert isinstance(only(Note, hub.received_binary(BinaryFrame(FrameKind.INPUT, "a", 0, b"").encode(), 0)), Note)
    assert hub.state is HubState.OPEN
    assert only(Close, hub.received_text(" " * (2 * 1024 * 1024 + 1), 0)).code == 1009
    assert hub.received_text("{}", 0) == []


def test_a_gap_is_seen_once_and_old_frames_are_dropped() -> None:
    hub = _open()
    hub.received_text(encode(snapshot("a", seq=5)), 0)
    assert _kinds(hub, 5, 6) == [DeliverOutput, DeliverOutput]
    gap, output = hub.received_binary(_frame(9), 0)
    assert gap == Gap("a", 7, 9)
    assert isinstance(output, DeliverOutput)
    assert _kinds(hub, 10, 10, 4, 11) == [DeliverOutput, Note, Note, DeliverOutput]


def test_numbers_start_where_the_device_says() -> None:
    hub = _open()
    assert _kinds(hub, 40, 41) == [DeliverOutput, DeliverOutput]
    hub.received_text(encode(snapshot("a", seq=99)), 0)
    assert _kinds(hub, 99) == [DeliverOutput]
    hub.received_text(encode(snapshot("a", seq=None)), 0)
    assert _kinds(hub, 3) == [DeliverOutput]
    events: list[AnyEvent] = [SessionEnded(session_id="a"), SessionStarted(request_id="x", session_id="a")]
    for event in events:
        hub.received_text(encode(event), 0)
    assert _kinds(hub, 1) == [Gap, DeliverOutput]


def test_a_start_told_late_does_not_turn_numbers_back() -> None:
    hub = _open()
    assert _kinds(hub, 0, 1) == [DeliverOutput, DeliverOutput]
    hub.received_text(encode(SessionStarted(request_id="x", session_id="a")), 0)
    assert _kinds(hub, 2) == [DeliverOutput]


def test_a_hub_stops_in_order() -> None:
    hub = _open()
    hub.request(_command("ssh.list"), 0)
    assert only(Close, hub.stop(0)).code == 1001
    assert hub.stop(0) == []
    assert isinstance(only(Unanswered, hub.lost(1)), Unanswered)
    assert hub.state is HubState.CLOSED
