from __future__ import annotations

from gateway.sessions.control import LEASE, Control


class Told:
    def __init__(self) -> None:
        self.now = 0.0
        self.holders: list[str | None] = []
        self.control = Control(self.holders.append, lambda: self.now)


def test_control_is_free_until_somebody_writes_and_lasts_as_long_as_they_do() -> None:
    told = Told()
    assert told.control.may_write("1", "ann")
    assert not told.control.may_write("2", "bob")
    told.now = LEASE - 1
    assert told.control.may_write("1", "ann")
    told.now = 2 * LEASE - 2
    assert not told.control.may_write("2", "bob")
    told.now = 2 * LEASE
    assert told.control.may_write("2", "bob")
    assert told.holders == ["ann", None, "bob"]


def test_control_can_be_taken_and_given_back() -> None:
    told = Told()
    told.control.take("1", "ann")
    told.control.take("2", "ann")
    assert told.control.holder_id == "2"
    told.control.release("1")
    assert told.control.holder == "ann"
    told.control.release("2")
    assert told.holders == ["ann", "ann", None]
