"""A device with a key and its hub against each other: in peace, and in any order of events."""

from __future__ import annotations

import json
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from protocol.codec import parse_command
from protocol.link import DeviceState, HubState
from tests.unit.protocol import examples
from tests.unit.protocol.link.driver import state_of
from tests.unit.protocol.link.key_pair import KeyPair
from tests.unit.protocol.link.keys import HOST


def test_from_the_first_proof_over_the_claim_to_work() -> None:
    pair = KeyPair()
    pair.settle()
    assert state_of(pair.device) is DeviceState.UNCLAIMED
    for _ in range(3):
        for _ in range(30):
            pair.wait(20)
            pair.settle()
        pair.new_code()
        pair.settle()
    assert pair.codes == 4
    pair.claim()
    pair.settle()
    assert state_of(pair.device) is DeviceState.LIVE
    pair.ask(parse_command(json.dumps(examples.command("ssh.list", "r0"))))
    pair.settle()
    assert [answered.ok for answered in pair.answered] == [True]
    pair.cut()
    pair.wait(2)
    pair.settle()
    assert state_of(pair.device) is DeviceState.LIVE
    assert pair.codes == 4, "a claimed device is not asked to be claimed again"
    pair.check_greetings()


def test_a_clock_that_is_off_is_refused_until_it_is_right() -> None:
    pair = KeyPair()
    pair.keeper.claimed = True
    pair.off = timedelta(hours=5)
    pair.settle()
    assert state_of(pair.device) is DeviceState.WAITING
    pair.off = timedelta(minutes=-4)
    pair.wait(30)
    pair.settle()
    assert state_of(pair.device) is DeviceState.LIVE


def test_a_proof_made_for_another_hub_is_worth_nothing() -> None:
    pair = KeyPair()
    pair.keeper.claimed = True
    pair.host = "evil.example"
    pair.settle()
    assert state_of(pair.device) is DeviceState.WAITING


class Storm(RuleBasedStateMachine):
    """Anything may happen in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = KeyPair()

    @rule(seconds=st.sampled_from([0.1, 1, 15, 31, 600]))
    def time_passes(self, seconds: float) -> None:
        self.pair.wait(seconds)

    @precondition(lambda self: self.pair.dialling)
    @rule()
    def the_hub_accepts(self) -> None:
        self.pair.accept()

    @rule()
    def the_socket_is_lost(self) -> None:
        self.pair.cut()

    @precondition(lambda self: self.pair.proving)
    @rule()
    def the_device_proves(self) -> None:
        self.pair.prove()

    @precondition(lambda self: self.pair.checking and self.pair.hub is not None)
    @rule()
    def the_hub_checks(self) -> None:
        self.pair.check()

    @rule()
    def a_person_claims(self) -> None:
        self.pair.claim()

    @rule()
    def a_code_expires(self) -> None:
        self.pair.new_code()

    @rule(host=st.sampled_from([HOST, "evil.example"]), hours=st.sampled_from([0, 9]))
    def the_world_changes(self, host: str, hours: int) -> None:
        self.pair.host, self.pair.off = host, timedelta(hours=hours)

    @precondition(lambda self: self.pair.greeting)
    @rule()
    def the_greeting_is_ready(self) -> None:
        self.pair.greet()

    @precondition(lambda self: self.pair.hub is not None)
    @rule()
    def the_hub_asks(self) -> None:
        self.pair.ask(parse_command(json.dumps(examples.command("ssh.list", f"r{len(self.pair.asked)}"))))

    @precondition(lambda self: self.pair.delivered)
    @rule()
    def the_device_answers(self) -> None:
        self.pair.answer(self.pair.delivered[0])

    @precondition(lambda self: self.pair.to_hub)
    @rule(twice=st.booleans())
    def the_hub_hears(self, twice: bool) -> None:
        if twice:
            self.pair.to_hub.insert(0, self.pair.to_hub[0])
        self.pair.carry_to_hub()

    @precondition(lambda self: self.pair.to_device)
    @rule(twice=st.booleans())
    def the_device_hears(self, twice: bool) -> None:
        if twice:
            self.pair.to_device.insert(0, self.pair.to_device[0])
        self.pair.carry_to_device()

    @invariant()
    def a_device_is_live_only_with_a_proof_that_held(self) -> None:
        if state_of(self.pair.device) in (DeviceState.GREETING, DeviceState.LIVE):
            assert self.pair.keeper.claimed
            assert self.pair.keeper.used
        if self.pair.hub is not None and self.pair.hub.state is HubState.OPEN:
            assert self.pair.challenge is not None
            assert self.pair.challenge.nonce in self.pair.keeper.used

    @invariant()
    def the_pair_is_sound(self) -> None:
        self.pair.check_greetings()
        self.pair.check_device_answers()
        self.pair.check_outcomes()
        waits = self.pair.dialling or self.pair.greeting or self.pair.closing
        assert self.pair.device.deadline is not None or waits

    def teardown(self) -> None:
        self.pair.keeper.claimed = True
        self.pair.host, self.pair.off = HOST, timedelta()
        for _ in range(40):
            self.pair.settle()
            if state_of(self.pair.device) is DeviceState.LIVE:
                break
            self.pair.wait(31)
        if self.pair.hub is not None and self.pair.hub.state is HubState.UNCLAIMED:
            self.pair.claim()
        self.pair.settle()
        assert state_of(self.pair.device) is DeviceState.LIVE


TestStorm = Storm.TestCase
TestStorm.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
