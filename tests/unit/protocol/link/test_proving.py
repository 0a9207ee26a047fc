"""A device with a key of its own: each end alone."""

from __future__ import annotations

import json
import tracemalloc
from datetime import timedelta

import pytest

from protocol.codec import encode
from protocol.commands import SessionEnd
from protocol.events import GatewayPolicy
from protocol.frames import BinaryFrame, FrameKind
from protocol.link import (
    CheckProof,
    Close,
    CloseCode,
    DeliverEvent,
    DeliverNotice,
    DeliverStream,
    DeviceLink,
    DeviceState,
    Greet,
    HubLink,
    HubState,
    Note,
    Prove,
    SendPing,
    SendText,
    Unanswered,
)
from protocol.notices import GatewayKeyAccepted
from protocol.streams.messages import StreamEnd, StreamOpen
from tests.unit.protocol import examples
from tests.unit.protocol.link.driver import HEALTH, HELLO, kinds, live_device, new_device, only, sent, state_of
from tests.unit.protocol.link.keys import DEVICE_ID, KEYED_HELLO, PUBLIC, WELCOME, Keeper, proof_for

CHALLENGE = Keeper().challenge()
FRAME = BinaryFrame(FrameKind.STREAM, "w1", 0, b"GET /")


def hub_state(link: HubLink) -> HubState:
    return link.state


def proving(now: float = 0.0) -> DeviceLink:
    link = DeviceLink(KEYED_HELLO, random=lambda: 0.0, has_key=True)
    link.start(now)
    assert link.connected(now) == []
    return link


def unclaimed(now: float = 0.0) -> DeviceLink:
    link = proving(now)
    asked = only(Prove, link.received_text(encode(CHALLENGE), now))
    assert kinds(sent(link.prove(asked, proof_for(CHALLENGE), now))) == ["gateway.proof"]
    only(DeliverNotice, link.received_text(encode(Keeper().code()), now))
    assert link.state is DeviceState.UNCLAIMED
    return link


def test_a_device_says_nothing_before_it_is_welcome() -> None:
    link = unclaimed()
    told, hello, greet = link.received_text(encode(WELCOME), 1)
    assert told == DeliverNotice(WELCOME)
    assert kinds(sent([hello])) == ["gateway.hello"]
    assert isinstance(greet, Greet)
    assert link.state is DeviceState.GREETING
    assert kinds(sent(link.greet(HEALTH, [], 2))) == ["gateway.health"]


def test_a_device_that_the_hub_knows_is_not_shown_a_code() -> None:
    link = proving()
    link.received_text(encode(CHALLENGE), 0)
    assert len(link.received_text(encode(WELCOME), 0)) == 3


@pytest.mark.parametrize(
    "wire",
    [
        json.dumps(examples.command("session.end")),
        '{"type": "dream", "request_id": "r1"}',
        encode(StreamOpen(stream_id="w1", target="web")),
        encode(WELCOME),
        encode(Keeper().code()),
    ],
    ids=["command", "unknown", "stream", "welcome", "unclaimed"],
)
def test_before_the_challenge_nothing_else_counts(wire: str) -> None:
    link = proving()
    assert isinstance(only(Note, link.received_text(wire, 0)), Note)
    assert link.state is DeviceState.PROVING


def test_commands_and_frames_are_not_for_an_unclaimed_device() -> None:
    link = unclaimed()
    only(Note, link.received_text(json.dumps(examples.command("session.end")), 0))
    only(Note, link.received_binary(FRAME.encode(), 0))
    assert link.send(HEALTH, 0) == []
    assert link.output("a", 0, b"x", 0) == []
    assert link.send_stream(FRAME, 0) == []


def test_a_second_challenge_is_not_answered() -> None:
    link = proving()
    only(Prove, link.received_text(encode(CHALLENGE), 0))
    only(Note, link.received_text(encode(CHALLENGE), 0))


def test_a_proof_for_a_lost_connection_goes_nowhere() -> None:
    link = proving()
    asked = only(Prove, link.received_text(encode(CHALLENGE), 0))
    link.lost(1)
    link.tick(100)
    link.connected(101)
    assert link.prove(asked, proof_for(CHALLENGE), 101) == []
    only(Prove, link.received_text(encode(CHALLENGE), 101))


def test_an_unclaimed_device_pings_and_waits_as_long_as_codes_come() -> None:
    link = unclaimed()
    for minute in range(1, 60):
        for second in (0, 20, 40):
            now = minute * 60.0 + second
            ping = only(SendPing, link.tick(now))
            link.pong(ping.payload, now)
        if minute % 10 == 0:
            only(DeliverNotice, link.received_text(encode(Keeper().code()), minute * 60.0 + 50))
    assert link.state is DeviceState.UNCLAIMED


def test_a_hub_that_sends_no_new_code_or_never_challenges_is_left() -> None:
    link = unclaimed()
    assert only(Close, link.tick(900)).reason == "no new claim code came"
    link = proving()
    assert only(Close, link.tick(30)).code == 1011
    assert link.state is DeviceState.CLOSING


def test_a_device_with_a_token_is_not_challenged_but_may_be_told_of_the_hub() -> None:
    link = new_device()
    link.start(0)
    link.connected(0)
    only(Note, link.received_text(encode(CHALLENGE), 0))
    live = live_device()
    assert only(DeliverNotice, live.received_text(encode(WELCOME), 0)).notice == WELCOME
    accepted = GatewayKeyAccepted(public_key=PUBLIC)
    assert only(DeliverNotice, live.received_text(encode(accepted), 0)).notice == accepted
    only(Note, live.received_text(encode(Keeper().code()), 0))
    assert live.state is DeviceState.LIVE


def test_the_next_greeting_says_what_is_true_then() -> None:
    link = live_device()
    link.introduce(KEYED_HELLO)
    link.lost(40)
    link.tick(100)
    (hello,) = sent(link.connected(101))
    assert hello["gateway_id"] == DEVICE_ID


def test_streams_pass_both_ways_once_the_device_is_live() -> None:
    link = live_device()
    opened = StreamOpen(stream_id="w1", target="web")
    assert only(DeliverStream, link.received_text(encode(opened), 0)).item == opened
    assert only(DeliverStream, link.received_binary(FRAME.encode(), 0)).item == FRAME
    assert kinds(sent(link.send_stream(StreamEnd(stream_id="w1"), 0))) == ["stream.end"]
    assert len(link.send_stream(FRAME, 0)) == 1


# The hub's end


def challenging(now: float = 0.0) -> HubLink:
    link = HubLink(DEVICE_ID, now, challenge=CHALLENGE)
    assert kinds(sent(link.start(now))) == ["gateway.challenge"]
    assert link.start(now) == []
    return link


def checking(now: float = 0.0) -> HubLink:
    link = challenging(now)
    assert only(CheckProof, link.received_text(encode(proof_for(CHALLENGE)), now)).proof.public_key == PUBLIC
    return link


def test_a_known_device_is_welcomed_and_says_hello() -> None:
    link = checking()
    assert kinds(sent(link.welcome(WELCOME, 1))) == ["gateway.welcome"]
    assert hub_state(link) is HubState.EXPECTING
    assert only(DeliverEvent, link.received_text(encode(KEYED_HELLO), 1)).event == KEYED_HELLO
    assert hub_state(link) is HubState.OPEN
    assert kinds(sent(link.welcome(WELCOME, 2))) == ["gateway.welcome"]
    assert kinds(sent(link.accept_key(GatewayKeyAccepted(public_key=PUBLIC)))) == ["gateway.key_accepted"]


def test_an_unclaimed_device_gets_code_after_code_and_then_its_welcome() -> None:
    link = checking()
    for minute in range(0, 60, 10):
        assert kinds(sent(link.unclaimed(Keeper().code(), minute * 60.0))) == ["gateway.unclaimed"]
        assert link.tick(minute * 60.0 + 599) == []
    assert link.accept_key(GatewayKeyAccepted(public_key=PUBLIC)) == []
    assert kinds(sent(link.welcome(WELCOME, 3600))) == ["gateway.welcome"]


@pytest.mark.parametrize("wire", [encode(HELLO), "{", "x" * (17 * 1024), encode(GatewayPolicy(allows=()))])
def test_a_stranger_that_sends_anything_but_a_proof_is_cut_off(wire: str) -> None:
    link = challenging()
    assert [action.code for action in link.received_text(wire, 0) if isinstance(action, Close)] == [1008]
    assert hub_state(link) is HubState.CLOSING
    assert link.received_text(encode(proof_for(CHALLENGE)), 0) == []


def test_a_second_proof_or_a_frame_ends_the_connection() -> None:
    assert only(Close, checking().received_text(encode(proof_for(CHALLENGE)), 0)).code == 1008
    assert only(Close, checking().received_binary(FRAME.encode(), 0)).code == 1008


def test_time_runs_out_for_who_does_not_prove_or_is_not_claimed() -> None:
    assert only(Close, challenging().tick(15)).reason == "no proof"
    link = checking()
    link.unclaimed(Keeper().code(), 0)
    assert only(Close, link.tick(900)).reason == "not claimed"
    slow = checking()
    only(Close, slow.tick(15))
    assert slow.welcome(WELCOME, 16) == []
    assert slow.unclaimed(Keeper().code(), 16) == []


def test_a_refusal_has_its_code_and_a_reason_that_fits() -> None:
    close = only(Close, checking().refuse(CloseCode.CLOCK_WRONG, "ä" * 200, 0))
    assert close.code == 4403
    assert len(close.reason.encode()) <= 123
    link = HubLink(DEVICE_ID, 0)
    link.received_text(encode(KEYED_HELLO), 0)
    assert only(Close, link.refuse(CloseCode.REVOKED, "taken off", 1)).code == 4404


def test_an_unknown_device_cannot_be_asked_anything() -> None:
    link = checking()
    unanswered = only(Unanswered, link.request(SessionEnd(request_id="r", session_id="s"), 0))
    assert unanswered.problem.code == "device_offline"
    assert link.send_stream(FRAME) == []


def test_streams_pass_both_ways_on_an_open_connection() -> None:
    link = HubLink("gw", 0)
    assert link.send_stream(FRAME) == []
    assert isinstance(only(Note, link.received_text(encode(StreamEnd(stream_id="w1")), 0)), Note)
    link.received_text(encode(HELLO), 0)
    assert only(DeliverStream, link.received_binary(FRAME.encode(), 0)).item == FRAME
    end = StreamEnd(stream_id="w1")
    assert only(DeliverStream, link.received_text(encode(end), 0)).item == end
    assert isinstance(only(SendText, link.send_stream(StreamOpen(stream_id="w2", target="web"))), SendText)
    link.received_text(encode(StreamEnd(stream_id="w1")), 80)
    assert link.tick(100) == [], "a stream's message is a sign of life"


def test_an_idle_device_costs_the_hub_next_to_nothing() -> None:
    links = [HubLink(DEVICE_ID, 0) for _ in range(1)]
    hello, health = encode(KEYED_HELLO), encode(HEALTH)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            link = HubLink(DEVICE_ID, 0)
            link.received_text(hello, 1)
            link.received_text(health, 2)
            links.append(link)
        each = (tracemalloc.get_traced_memory()[0] - before) / 200
    finally:
        tracemalloc.stop()
    assert each < 512


def test_a_clock_that_is_off_or_another_host_or_key_is_seen() -> None:
    keeper = Keeper(claimed=True)
    right = keeper.judge(checking(), CHALLENGE, proof_for(CHALLENGE), 0)
    assert kinds(sent(right)) == ["gateway.welcome"]
    again = keeper.judge(checking(), CHALLENGE, proof_for(CHALLENGE), 0)
    assert only(Close, again).code == CloseCode.PROOF_WRONG
    other = keeper.judge(checking(), keeper.challenge(), proof_for(CHALLENGE), 0)
    assert only(Close, other).code == CloseCode.PROOF_WRONG
    elsewhere = keeper.judge(checking(), CHALLENGE, proof_for(CHALLENGE, host="evil.example"), 0)
    assert only(Close, elsewhere).code == CloseCode.PROOF_WRONG
    hours = keeper.judge(checking(), CHALLENGE, proof_for(CHALLENGE, off=timedelta(hours=-3)), 0)
    assert only(Close, hours).code == CloseCode.CLOCK_WRONG


def test_the_life_of_a_device_that_waited_long_begins_with_short_waits_again() -> None:
    link = unclaimed()
    link.lost(120)
    assert state_of(link) is DeviceState.WAITING
    assert link.deadline == 121
