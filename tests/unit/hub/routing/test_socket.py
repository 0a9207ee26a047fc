"""Devices that send garbage, too much, or never read."""

from __future__ import annotations

import json

import pytest

from hub.routing.connection import MAX_BAD
from hub.routing.limits import Rate, RoutingLimits
from protocol.commands import AgentsList
from protocol.frames import BinaryFrame, FrameKind
from protocol.limits import MAX_FRAME_BYTES, MAX_SOCKET_BYTES
from tests.load.dialects import client_frame
from tests.unit.hub.routing.rig import BINARY, PING, PONG, TEXT, Rig

SMALL = RoutingLimits(device=Rate(bytes_per_second=100_000, messages_per_second=100, patience=3.0), unsent_bytes=1000)


def test_a_ping_is_answered() -> None:
    peer = Rig().peer().hello()
    peer.socket.data_received(client_frame(PING, b"12"))
    assert peer.frames() == [(PONG, b"12")]


def test_a_flood_is_read_slowly_and_then_cut() -> None:
    rig = Rig(SMALL)
    peer = rig.peer().hello()
    paused = 0
    for _ in range(10_000):
        if not peer.socket.open:
            break
        if peer.transport.reading:
            peer.output(b"x")
        else:
            paused += 1
            rig.time.pass_by(0.1)
    assert paused > 10
    assert rig.connections.stats.cut_flooding == 1
    assert rig.connections.stats.unwatched_frames < 700
    code, reason = peer.closed_with()
    assert code == 4429
    assert "100 messages" in reason


def test_pings_and_scraps_count_as_well() -> None:
    rig = Rig(SMALL)
    peer = rig.peer().hello()
    for _ in range(101):
        peer.socket.data_received(client_frame(PING, b""))
    assert not peer.transport.reading
    other = rig.peer("other").hello()
    frame = client_frame(TEXT, b"x" * 1000)
    for number in range(101):
        other.socket.data_received(frame[number : number + 1])
    assert not other.transport.reading


def test_a_fast_device_that_calms_down_stays() -> None:
    rig = Rig(SMALL)
    peer = rig.peer().hello()
    for _ in range(20):
        for _ in range(110):
            peer.output(b"x")
        rig.time.pass_by(4)
        assert peer.transport.reading
    assert peer.socket.open
    assert rig.connections.stats.throttled > 0
    assert rig.connections.stats.cut_flooding == 0


def test_a_device_that_does_not_read_is_cut_after_its_time() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    peer.socket.pause_writing()
    rig.time.pass_by(29)
    before = peer.transport.aborted
    rig.time.pass_by(2)
    assert (before, peer.transport.aborted) == (False, True)
    assert rig.connections.stats.cut_slow == 1


def test_a_device_that_reads_again_stays() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    for _ in range(4):
        peer.socket.pause_writing()
        rig.time.pass_by(20)
        peer.socket.resume_writing()
        peer.health()
    assert not peer.transport.aborted


def test_a_device_that_does_not_read_is_cut_when_too_much_waits() -> None:
    rig = Rig(SMALL)
    peer = rig.peer().hello()
    peer.socket.pause_writing()
    peer.transport.unsent = SMALL.unsent_bytes + 1
    peer.connection.request(AgentsList(request_id="r1"), lambda outcome: None)
    assert peer.transport.aborted
    assert rig.connections.live("gw") is None


GARBAGE = {
    "no json": client_frame(TEXT, b"\xff\xfe garbage"),
    "not an object": client_frame(TEXT, b"[]"),
    "unknown kind": client_frame(BINARY, b"\x09\x02s1" + bytes(8)),
    "input": client_frame(BINARY, BinaryFrame(FrameKind.INPUT, "s1", 0, b"x").encode()),
    "empty": client_frame(BINARY, b""),
    "headless": client_frame(BINARY, b"\x03\x40"),
    "bad fields": client_frame(TEXT, b'{"type": "gateway.health", "gateway_id": 7}'),
    "ack of nothing": client_frame(TEXT, b'{"type": "ack", "request_id": "no", "ok": true}'),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_survived_and_then_too_much(garbage: bytes) -> None:
    rig = Rig()
    peer = rig.peer().hello()
    for _ in range(MAX_BAD):
        peer.socket.data_received(garbage)
    assert rig.online()
    assert peer.socket.open
    peer.socket.data_received(garbage)
    assert peer.closed_with() == (1008, "too many messages that cannot be used")


def test_now_and_then_a_bad_message_is_no_harm() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    for _ in range(3 * MAX_BAD):
        peer.socket.data_received(client_frame(TEXT, b"garbage"))
        peer.health()
        rig.time.pass_by(1)
    assert peer.socket.open


def test_frames_of_output_that_are_cut_short_harm_nobody() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    whole = BinaryFrame(FrameKind.OUTPUT, "s1", 0, b"abc").encode()
    for length in range(len(whole)):
        peer.socket.data_received(client_frame(BINARY, whole[:length]))
    assert peer.socket.open


OVERSIZE = {
    "binary": client_frame(BINARY, bytes(2 * MAX_FRAME_BYTES + 1)),
    "text": client_frame(TEXT, b" " * (MAX_SOCKET_BYTES + 1)),
}


@pytest.mark.parametrize("frame", OVERSIZE.values(), ids=OVERSIZE)
def test_far_too_large_closes(frame: bytes) -> None:
    peer = Rig().peer().hello()
    peer.socket.data_received(frame)
    assert peer.closed_with()[0] == 1009
    assert peer.transport.closed


def test_a_hello_of_another_gateway_closes() -> None:
    rig = Rig()
    peer = rig.peer()
    hello = json.loads('{"type": "gateway.hello", "gateway_id": "other", "version": "1", "hostname": "h"}')
    info = {"os": "L", "arch": "a", "cpus": 1, "ram_total_bytes": 1, "disk_total_bytes": 1}
    peer.socket.data_received(client_frame(TEXT, json.dumps(hello | {"system_info": info}).encode()))
    assert peer.closed_with() == (1008, "another gateway id")
    assert rig.heard.log == []
