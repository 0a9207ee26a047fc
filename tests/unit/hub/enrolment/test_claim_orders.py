"""Claims in any order of steps, against a model of one code at a time."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.enrolment.claims import CODE_LASTS, CONFIRM_WITHIN, Claimant
from protocol.problems import Problem
from tests.unit.hub.enrolment.rig import Machine, Rig

PEOPLE = (1, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["enter", "enter", "confirm", "cancel"]), st.sampled_from(PEOPLE)),
        st.tuples(st.just("wait"), st.sampled_from([4, 6, 11])),
        st.just(("issue", 0)),
    ),
    min_size=4,
    max_size=16,
)


@dataclass
class Code:
    """What is known of the code that was issued last, and of the claim it became."""

    text: str
    ends: float
    opened_by: int | None = None
    claim_id: int = 0


@dataclass
class Story:
    """One device and what happens to it."""

    hub: Rig
    machine: Machine = field(default_factory=Machine)
    code: Code | None = None
    opened: dict[int, Code] = field(default_factory=dict)
    """The claim that each person opened last."""
    owned: bool = False
    count: itertools.count[int] = field(default_factory=itertools.count)

    def who(self, person: int) -> Claimant:
        """The person at yet another address and with another name: the limits are not what this is about."""
        number = next(self.count)
        return Claimant(person, f"p{person} {number} {self.machine.id}", f"{self.machine.id}/{number}"[-60:])

    @property
    def now(self) -> float:
        return self.hub.clock.seconds

    async def step(self, what: str, value: int) -> None:
        if what == "wait":
            self.hub.clock.seconds += timedelta(minutes=value).total_seconds()
        elif what == "issue":
            await self._issue()
        elif what == "enter":
            await self._enter(value)
        else:
            await self._finish(what, value)

    async def _issue(self) -> None:
        if self.owned:
            return
        issued = await self.hub.claims.issue(await self.hub.stranger(self.machine))
        self.code = Code(issued.code, self.now + CODE_LASTS.total_seconds())

    async def _enter(self, person: int) -> None:
        code = self.code
        if code is None:
            return
        expected = self.now < code.ends and code.opened_by in (None, person) and not self.owned
        claim = None
        try:
            claim = await self.hub.claims.enter(self.who(person), code.text)
        except Problem:
            assert not expected
        if claim is not None:
            assert expected
            code.opened_by, code.ends, code.claim_id = person, self.now + CONFIRM_WITHIN.total_seconds(), claim.id
            self.opened[person] = code

    async def _finish(self, what: str, person: int) -> None:
        code = self.opened.get(person)
        if code is None:
            return
        is_open = self.now < code.ends and not self.owned
        if what == "cancel":
            await self.hub.claims.cancel(self.who(person), code.claim_id)
            code.ends = self.now if is_open else code.ends
            return
        claim = None
        try:
            claim = await self.hub.claims.get(self.who(person), code.claim_id)
        except Problem:
            assert not is_open
        if claim is not None:
            assert is_open
            name = f"device {self.machine.id}"
            await self.hub.claims.confirm(self.who(person), claim.id, claim.fingerprint, self.hub.group, name)
            self.owned = True


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_a_device_becomes_one_persons_by_a_valid_code_and_by_nothing_else(
    hub: Rig, steps: list[tuple[str, int]]
) -> None:
    story = Story(hub)
    await story.step("issue", 0)
    for what, value in steps:
        await story.step(what, value)
        assert (await hub.devices.get(story.machine.id) is not None) == story.owned
    if story.owned:
        await hub.devices.remove(story.machine.id)
