"""When a device counts as connected, and what its absence means."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.routing.limits import GRACE, RoutingLimits
from protocol.events import SessionEnded
from tests.unit.hub.routing.rig import START, Rig


def test_connected_with_its_hello_and_not_before() -> None:
    rig = Rig()
    peer = rig.peer()
    assert not rig.online()
    assert rig.ports.online("gw") is False
    peer.hello()
    assert rig.online()
    assert rig.heard.log == [("connected", "gw")]


def test_a_second_hello_is_no_second_connect() -> None:
    rig = Rig()
    rig.peer().hello().hello()
    assert rig.heard.log == [("connected", "gw"), ("gateway.hello", "gw")]


def test_offline_is_told_after_the_grace_with_the_time_it_left() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    rig.time.pass_by(50)
    peer.health()
    rig.time.pass_by(50)
    peer.lose()
    rig.time.pass_by(GRACE - 1)
    assert rig.online()
    assert ("disconnected", "gw") not in rig.heard.log
    rig.time.pass_by(2)
    assert not rig.online()
    assert rig.heard.log[-1] == ("disconnected", "gw")
    reason, at = rig.heard.reasons[0]
    assert "broke off" in reason
    assert at == START + timedelta(seconds=100)
    assert len(rig.connections) == 0


def test_back_within_the_grace_is_never_offline() -> None:
    rig = Rig()
    for _ in range(5):
        peer = rig.peer().hello()
        rig.time.pass_by(5)
        peer.lose()
        rig.time.pass_by(GRACE - 1)
    rig.peer().hello()
    rig.time.pass_by(GRACE + 1)
    assert [what for what, _ in rig.heard.log] == ["connected"] * 6


def test_a_newer_connection_replaces_the_older_one() -> None:
    rig = Rig()
    older = rig.peer().hello()
    newer = rig.peer()
    assert rig.connections.live("gw") is older.connection
    newer.hello()
    assert rig.connections.live("gw") is newer.connection
    assert older.closed_with()[0] == 4409
    older.health()
    older.lose()
    rig.time.pass_by(GRACE + 5)
    assert rig.online()
    assert [what for what, _ in rig.heard.log] == ["connected", "connected"]
    assert rig.connections.stats.replaced == 1
    assert rig.connections.stats.connections == 1


def test_two_sockets_before_any_hello() -> None:
    rig = Rig()
    first, second = rig.peer(), rig.peer()
    first.lose()
    second.hello()
    assert rig.connections.live("gw") is second.connection


def test_cut_is_offline_at_once() -> None:
    rig = Rig()
    assert not rig.ports.cut("gw", 4404, "revoked")
    peer = rig.peer().hello()
    assert rig.ports.cut("gw", 4404, "The device was taken off this hub.")
    assert peer.closed_with() == (4404, "The device was taken off this hub.")
    assert not rig.online()
    assert rig.heard.log[-1] == ("disconnected", "gw")
    peer.lose()
    rig.time.pass_by(GRACE + 5)
    assert rig.heard.log.count(("disconnected", "gw")) == 1


def test_cut_within_the_grace() -> None:
    rig = Rig()
    rig.peer().hello().lose()
    assert rig.ports.cut("gw", 4404, "revoked")
    assert rig.heard.log[-1] == ("disconnected", "gw")


def test_no_hello_closes_the_socket() -> None:
    rig = Rig()
    peer = rig.peer()
    rig.time.pass_by(16)
    assert peer.closed_with() == (1008, "no hello")
    assert rig.heard.log == []


def test_silence_closes_the_socket_and_health_keeps_it() -> None:
    rig = Rig()
    quiet, healthy = rig.peer("quiet").hello(), rig.peer("healthy").hello()
    for _ in range(10):
        rig.time.pass_by(30)
        healthy.health()
    assert quiet.closed_with() == (1008, "no sign of life for 90 s")
    assert rig.online("healthy")


def test_silence_and_grace_are_what_the_limits_say_and_a_ping_is_no_silence() -> None:
    rig = Rig(RoutingLimits(silent_after=10, grace=2))
    quiet, pinging = rig.peer("quiet").hello(), rig.peer("pinging").hello()
    for _ in range(4):
        rig.time.pass_by(5)
        pinging.ping()
    assert quiet.closed_with() == (1008, "no sign of life for 10 s")
    assert rig.online("pinging")
    pinging.lose()
    rig.time.pass_by(3)
    assert not rig.online("pinging")


def test_output_that_nobody_watches_is_a_sign_of_life() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    for _ in range(100):
        rig.time.pass_by(5)
        peer.output(b"x")
    assert rig.online()
    assert rig.connections.stats.unwatched_frames == 100


def test_a_socket_that_does_not_close_is_cut() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    peer.connection.close(1001, "the hub stops")
    rig.time.pass_by(6)
    assert peer.transport.aborted


def test_sessions_missing_in_health_end_after_90_seconds() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    peer.health("s1", "s2")
    for _ in range(3):
        rig.time.pass_by(30)
        peer.health("s1")
    assert [event for event in rig.heard.events if isinstance(event, SessionEnded)] == [SessionEnded(session_id="s2")]


def test_sessions_missing_after_a_reconnect_have_90_seconds_more() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    peer.health("s1")
    rig.time.pass_by(85)
    peer.lose()
    rig.time.pass_by(20)
    again = rig.peer().hello()
    again.health()
    assert not any(isinstance(event, SessionEnded) for event in rig.heard.events)
    for _ in range(3):
        rig.time.pass_by(30)
        again.health()
    assert any(isinstance(event, SessionEnded) for event in rig.heard.events)


@pytest.mark.parametrize("code", [1000, 4000])
def test_a_close_of_the_device_is_answered(code: int) -> None:
    rig = Rig()
    peer = rig.peer().hello()
    peer.socket.data_received(b"\x88\x82\0\0\0\0" + code.to_bytes(2, "big"))
    assert peer.closed_with()[0] == code
    assert peer.transport.closed
    rig.time.pass_by(GRACE + 1)
    assert rig.heard.reasons[0][0] == f"the device closed the connection ({code})"
