"""Both ends against each other: in peace, and over a network that drops, doubles, swaps and garbles."""

from __future__ import annotations

import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from protocol.codec import parse_command
from protocol.link import DeviceState, Gap, HubState
from protocol.problems import Problem, ProblemCode
from tests.unit.protocol import examples
from tests.unit.protocol.link.driver import state_of
from tests.unit.protocol.link.pair import Pair, Wire, frames

KINDS = ("session.create", "session.input", "session.end", "ssh.list")
REFUSAL = Problem(ProblemCode.NOT_FOUND, "There is no such session. Choose one from the list.")


def _ask(pair: Pair, kind: str) -> None:
    pair.ask(parse_command(json.dumps(examples.command(kind, f"r{len(pair.asked)}"))))


def test_a_day_in_peace() -> None:
    pair = Pair()
    pair.settle()
    for step in range(24 * 60):
        pair.wait(60)
        pair.output("a")
        _ask(pair, KINDS[step % len(KINDS)])
        pair.settle()
    assert len(pair.sent) == 1
    assert len(pair.answered) == 24 * 60
    assert all(answered.ok for answered in pair.answered)
    assert frames(pair.heard) == [("a", seq) for seq in range(24 * 60)]
    assert not [heard for heard in pair.heard if isinstance(heard, Gap | Problem)]


def test_output_goes_on_without_a_gap_after_a_reconnect() -> None:
    pair = Pair()
    pair.settle()
    pair.output("a")
    pair.settle()
    pair.cut()
    for _ in range(5):
        pair.output("a")
    pair.wait(2)
    pair.settle()
    pair.output("a")
    pair.settle()
    pair.check_greetings()
    assert len(pair.sent) == 2
    assert frames(pair.heard) == [("a", 0), ("a", 6)]
    assert not [heard for heard in pair.heard if isinstance(heard, Gap)]


def test_a_hub_that_never_answers_pings_is_left_and_found_again() -> None:
    pair = Pair()
    pair.accept()
    pair.greet()
    for _ in range(60):
        pair.wait(1)
        while pair.to_hub:
            pair.carry_to_hub()
    assert state_of(pair.device) is DeviceState.CLOSING
    pair.cut()
    pair.wait(30)
    pair.settle()
    assert state_of(pair.device) is DeviceState.LIVE
    assert len(pair.sent) == 2


def _garble(wire: str | bytes, at: float, junk: str) -> str | bytes:
    cut = int(at * len(wire))
    if isinstance(wire, bytes):
        return wire[:cut] + junk.encode() + wire[cut + 1 :]
    return wire[:cut] + junk + wire[cut + 1 :]


class Storm(RuleBasedStateMachine):
    """Anything may happen in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()

    @rule(seconds=st.sampled_from([0.1, 1, 5, 15, 31, 400]))
    def time_passes(self, seconds: float) -> None:
        self.pair.wait(seconds)

    @rule()
    def the_network_heals(self) -> None:
        self.pair.settle()

    @precondition(lambda self: self.pair.dialling)
    @rule()
    def the_hub_accepts(self) -> None:
        self.pair.accept()

    @rule()
    def the_socket_is_lost(self) -> None:
        self.pair.cut()

    @precondition(lambda self: self.pair.greeting)
    @rule()
    def the_greeting_is_ready(self) -> None:
        self.pair.greet()

    @precondition(lambda self: self.pair.hub is not None)
    @rule(kind=st.sampled_from(KINDS))
    def the_hub_asks(self, kind: str) -> None:
        _ask(self.pair, kind)

    @precondition(lambda self: self.pair.delivered)
    @rule(data=st.data(), refused=st.booleans())
    def the_device_answers(self, data: st.DataObject, refused: bool) -> None:
        delivered = data.draw(st.sampled_from(self.pair.delivered))
        self.pair.answer(delivered, REFUSAL if refused else None)

    @rule(session_id=st.sampled_from(["a", "b"]))
    def a_session_writes(self, session_id: str) -> None:
        self.pair.output(session_id)

    @precondition(lambda self: self.pair.pings)
    @rule()
    def a_pong_arrives(self) -> None:
        self.pair.pong()

    @precondition(lambda self: self.pair.to_hub)
    @rule()
    def the_hub_hears(self) -> None:
        self.pair.carry_to_hub()

    @precondition(lambda self: self.pair.to_device)
    @rule()
    def the_device_hears(self) -> None:
        self.pair.carry_to_device()

    @precondition(lambda self: self.pair.to_device or self.pair.to_hub)
    @rule(
        fault=st.sampled_from(["drop", "double", "swap", "garble"]),
        at=st.floats(0, 1, exclude_max=True),
        junk=st.text('{"x\x00', max_size=2),
        hub_first=st.booleans(),
    )
    def the_network_fails(self, fault: str, at: float, junk: str, hub_first: bool) -> None:
        queues: list[Wire] = [queue for queue in (self.pair.to_hub, self.pair.to_device) if queue]
        queue = queues[0] if hub_first else queues[-1]
        index = int(at * len(queue))
        if fault == "drop":
            del queue[index]
        elif fault == "double":
            queue.insert(index, queue[index])
        elif fault == "swap":
            queue.append(queue.pop(index))
        else:
            queue[index] = _garble(queue[index], at, junk)

    @invariant()
    def nothing_is_broken(self) -> None:
        self.pair.check_outcomes()
        self.pair.check_not_stuck()

    def teardown(self) -> None:
        """After the storm the link lives, and every question was answered, refused or given up, once."""
        pair = self.pair
        pair.settle()
        for _ in range(40):
            pair.wait(5)
            pair.settle()
        assert state_of(pair.device) is DeviceState.LIVE
        assert pair.hub is not None
        assert pair.hub.state is HubState.OPEN
        assert len(pair.outcomes) == len(pair.asked)
        assert pair.device.waiting == frozenset()
        before = len(pair.answered)
        _ask(pair, "ssh.list")
        pair.settle()
        assert len(pair.answered) == before + 1
        pair.check_outcomes()
        pair.check_greetings()
        pair.check_device_answers()


TestStorm = Storm.TestCase
TestStorm.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
