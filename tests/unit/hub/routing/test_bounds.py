"""Budgets, admission, roll call, leases, acknowledgements and meters, each on its own."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hub.ports import Output
from hub.routing.admission import Admission, network_of
from hub.routing.budget import Budget
from hub.routing.limits import Rate, RoutingLimits
from hub.routing.roll_call import RollCall
from hub.routing.terminals.acks import ACK_BYTES, Acks
from hub.routing.terminals.lease import Lease
from hub.routing.terminals.meter import Meter
from hub.routing.terminals.screens import MAX_KEPT, Meanwhile
from hub.routing.wheel import Wheel
from protocol.events import SessionSnapshot
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.routing.rig import FakeTime

RATE = Rate(bytes_per_second=1000, messages_per_second=10, patience=5.0)


def test_a_budget_lets_through_what_is_slow_enough() -> None:
    budget, now = Budget(RATE, 0.0), 0.0
    for _ in range(1000):
        now += 0.12
        assert not budget.spend(99, 1) or budget.wait(now) == 0.0
    assert not budget.exhausted(now)


def test_a_budget_slows_down_to_its_rate_and_runs_out_of_patience() -> None:
    budget, now, spent = Budget(RATE, 0.0), 0.0, 0
    while not budget.exhausted(now) and now < 60:
        spent += 100
        if budget.spend(100, 1):
            now += budget.wait(now)
    assert 4.0 < now < 8.0
    assert spent <= RATE.bytes_per_second * (now + 2)


def test_a_budget_forgives_a_burst() -> None:
    budget = Budget(RATE, 0.0)
    assert budget.spend(1500, 1)
    assert budget.wait(0.1) > 1.0
    assert budget.spend(1001, 1)
    assert budget.wait(10.0) == 0.0
    assert not budget.exhausted(10.0)


def test_sources() -> None:
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::") != network_of("2001:db8:1:3::")
    assert network_of("fe80::1%eth0") == network_of("fe80::2")
    assert network_of("unix") == "unix"


def test_strangers_are_bounded_by_source_and_in_all() -> None:
    admission = Admission(RoutingLimits(pending_per_source=1, pending=2), FakeTime().now)
    with admission.stranger("192.0.2.1"):
        with pytest.raises(Problem) as raised, admission.stranger("192.0.2.1"):
            pass
        assert raised.value.code is ProblemCode.RATE_LIMITED
        with admission.stranger("192.0.2.2"), pytest.raises(Problem), admission.stranger("192.0.2.3"):
            pass
        assert admission.pending == 1
    with admission.stranger("192.0.2.1"):
        pass


def test_failures_close_the_door_for_a_minute() -> None:
    time = FakeTime()
    admission = Admission(RoutingLimits(failures_per_minute=3), time.now)
    for _ in range(3):
        with admission.stranger("192.0.2.1"):
            admission.failed("192.0.2.1")
    with pytest.raises(Problem), admission.stranger("192.0.2.1"):
        pass
    with admission.stranger("192.0.2.2"):
        pass
    time.pass_by(61)
    with admission.stranger("192.0.2.1"):
        pass


def test_a_session_is_over_after_90_seconds_and_once() -> None:
    roll = RollCall()
    roll.connected(0.0)
    assert roll.health(["a", "b"], 0.0) == []
    assert roll.health(["a"], 89.0) == []
    assert roll.health(["a"], 90.0) == ["b"]
    assert roll.health(["a"], 180.0) == []


def test_a_session_is_not_over_right_after_a_reconnect() -> None:
    roll = RollCall()
    roll.connected(0.0)
    roll.health(["a"], 0.0)
    roll.connected(200.0)
    assert roll.health([], 201.0) == []
    assert roll.health([], 289.0) == []
    assert roll.health([], 290.0) == ["a"]


def test_a_lease_lasts_30_seconds_after_the_last_write() -> None:
    lease = Lease()
    assert lease.take(1, "ada", 0.0)
    assert not lease.take(1, "ada", 20.0)
    assert not lease.free_for(2, 49.9)
    assert lease.free_for(1, 49.9)
    assert not lease.expire(49.9)
    assert lease.expire(50.0)
    assert lease.holder is None
    assert lease.free_for(2, 50.0)


def test_a_lease_is_given_back_by_its_holder_only() -> None:
    lease = Lease()
    lease.take(1, "ada", 0.0)
    assert not lease.release(2)
    assert lease.take(2, "bob", 1.0)
    assert lease.held_by(2)
    assert lease.release(2)


def acks_at(time: FakeTime) -> tuple[Acks, list[tuple[float, int]]]:
    sent: list[tuple[float, int]] = []
    acks = Acks(Wheel(time.now, time.call_at), lambda seq: sent.append((time.time - 1000, seq)))
    return acks, sent


def test_a_trickle_is_acknowledged_within_a_second_and_once() -> None:
    time = FakeTime()
    acks, sent = acks_at(time)
    for seq in range(5):
        acks.came(10)
        acks.took(seq)
        acks.took(seq)
        time.pass_by(0.1)
    time.pass_by(10)
    assert [seq for _, seq in sent] == [4]
    assert sent[0][0] <= 1.1


def test_a_flood_is_acknowledged_ten_times_a_second() -> None:
    time = FakeTime()
    acks, sent = acks_at(time)
    for seq in range(2000):
        acks.came(ACK_BYTES)
        acks.took(seq)
        time.pass_by(0.001)
    time.pass_by(2)
    assert 10 <= len(sent) <= 22
    assert sent[-1][1] == 1999
    assert all(later[0] - one[0] >= 0.0999 for one, later in pairwise(sent))


def test_acknowledgements_never_go_back() -> None:
    time = FakeTime()
    acks, sent = acks_at(time)
    acks.took(10)
    acks.took(4)
    time.pass_by(2)
    acks.took(9)
    time.pass_by(2)
    assert [seq for _, seq in sent] == [10]


def test_a_meter_cuts_off_what_does_not_stop() -> None:
    time = FakeTime()
    meter = Meter(RATE, time.now)
    problem = None
    while problem is None and time.time < 1060:
        problem = meter.count(50)
        time.pass_by(0.01)
    assert problem is meter.cut
    assert problem is not None
    assert problem.code is ProblemCode.RUNAWAY_OUTPUT
    assert 4.0 < time.time - 1000 < 8.0
    meter.resume()
    assert meter.cut is None
    assert meter.count(2000) is None


def test_a_meter_lets_bursts_pass() -> None:
    time = FakeTime()
    meter = Meter(RATE, time.now)
    for _ in range(60):
        for _ in range(4):
            assert meter.count(900) is None
        time.pass_by(6)


def screen(seq: int | None) -> SessionSnapshot:
    return SessionSnapshot(session_id="s1", content="", seq=seq)


def test_frames_around_a_screen() -> None:
    meanwhile = Meanwhile()
    for seq in (5, 6, 7):
        meanwhile.add(Output(seq, b""))
    assert meanwhile.after(screen(6), 8) == (6, [Output(6, b""), Output(7, b"")])
    assert meanwhile.after(screen(8), 8) == (8, [])
    assert meanwhile.after(screen(11), 8) == (11, [])
    assert meanwhile.after(screen(4), 8) is None
    assert Meanwhile().after(screen(3), None) == (3, [])
    assert Meanwhile().after(screen(3), 4) is None


def test_a_screen_without_a_number_stands_where_it_came() -> None:
    meanwhile = Meanwhile()
    meanwhile.add(Output(5, b""))
    assert meanwhile.after(screen(None), 6) is None
    meanwhile.passes(screen(None))
    assert meanwhile.after(screen(None), 6) == (6, [])
    meanwhile.add(Output(6, b""))
    assert meanwhile.after(screen(None), 7) == (6, [Output(6, b"")])
    for seq in range(7, MAX_KEPT // 16384 + 10):
        meanwhile.add(Output(seq, bytes(16384)))
    assert meanwhile.after(screen(None), 10**6) is None


def test_frames_kept_for_a_screen_are_bounded() -> None:
    meanwhile = Meanwhile()
    for seq in range(MAX_KEPT // 16384 + 10):
        meanwhile.add(Output(seq, bytes(16384)))
    assert meanwhile.after(screen(0), 10**6) is None
    found = meanwhile.after(screen(100), 10**6)
    assert found is not None
    assert sum(len(frame.payload) for frame in found[1]) <= MAX_KEPT
