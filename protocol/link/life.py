"""The life of a device's connections: dial, stay, lose, wait, dial again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from protocol.limits import PING_EVERY, STABLE_AFTER
from protocol.link.actions import Abort, Close, DeviceAction, Dial, SendPing
from protocol.link.backoff import Backoff
from protocol.link.keepalive import Keepalive
from protocol.link.states import DEVICE_LASTS, DEVICE_TRANSITIONS, DeviceState, Happening

Actions = list[DeviceAction]
TALKING: Final = (DeviceState.GREETING, DeviceState.LIVE)
"""The states in which the hub may command."""
WITH_SOCKET: Final = (DeviceState.PROVING, DeviceState.UNCLAIMED, *TALKING)
_TOO_LONG: Final = {
    DeviceState.PROVING: "the hub did not say whether it knows this device",
    DeviceState.UNCLAIMED: "no new claim code came",
    DeviceState.GREETING: "the greeting took too long",
}


class Life:
    """State, time and pings of a device's end. ``random`` gives numbers from 0 (included) to 1 (excluded)."""

    def __init__(self, random: Callable[[], float], ping_every: float = PING_EVERY) -> None:
        self._ping_every = ping_every
        self._backoff = Backoff(random)
        self._state = DeviceState.IDLE
        self._now = float("-inf")
        self._due: float | None = None
        self._connection = 0
        self._connected_at = 0.0
        self._keepalive = Keepalive(0.0, ping_every)

    @property
    def state(self) -> DeviceState:
        """Where the link stands."""
        return self._state

    @property
    def deadline(self) -> float | None:
        """When :meth:`tick` has something to do; None while only the driver or the hub can move the link."""
        times = [] if self._due is None else [self._due]
        if self._state in WITH_SOCKET:
            times.append(self._keepalive.deadline)
        return min(times, default=None)

    def start(self, now: float) -> Actions:
        """Begin to connect."""
        return [Dial()] if self._move(Happening.START, now) else []

    def lost(self, now: float, *, refused: bool = False) -> Actions:
        """The socket is gone, or could not be opened; ``refused`` when the hub said that it will not have us.

        The next attempt comes with :attr:`deadline`. Commands that were not answered are forgotten: the hub has given
        them up as well.
        """
        before = self._state
        if self._move(Happening.LOST, now):
            self._forget(before, refused)
        return []

    def stop(self, now: float) -> Actions:
        """End for good. Complete once :attr:`state` is STOPPED."""
        before = self._state
        if not self._move(Happening.STOP, now) or before in (DeviceState.IDLE, DeviceState.WAITING):
            return []
        if before is DeviceState.DIALLING:
            return [Abort()]
        return [Close(1001, "the gateway stops")] if before in WITH_SOCKET else []

    def pong(self, payload: bytes, now: float) -> Actions:
        """A pong arrived."""
        self._advance(now)
        self._keepalive.pong(payload)
        return []

    def tick(self, now: float) -> Actions:
        """Do what is due."""
        self._advance(now)
        if self._due is not None and self._now >= self._due:
            return self._overdue()
        if self._state not in WITH_SOCKET:
            return []
        payload = self._keepalive.tick(self._now)
        if self._keepalive.dead:
            return self._close(1001, "two pings were not answered")
        return [] if payload is None else [SendPing(payload)]

    # Inside

    def _forget_conversation(self) -> None:
        """The connection is over: what was said on it counts no more."""

    def _open(self, happening: Happening, now: float) -> bool:
        """The socket is open."""
        if not self._move(happening, now):
            return False
        self._connection += 1
        self._connected_at = self._now
        self._keepalive = Keepalive(self._now, self._ping_every)
        return True

    def _advance(self, now: float) -> None:
        self._now = max(now, self._now)

    def _move(self, happening: Happening, now: float) -> bool:
        self._advance(now)
        state = DEVICE_TRANSITIONS[self._state].get(happening)
        if state is None:
            return False
        self._state = state
        lasts = DEVICE_LASTS.get(state)
        self._due = None if lasts is None else self._now + lasts
        return True

    def _overdue(self) -> Actions:
        before = self._state
        self._move(Happening.OVERDUE, self._now)
        if before is DeviceState.WAITING:
            return [Dial()]
        if before in _TOO_LONG:
            return [Close(1011, _TOO_LONG[before])]
        self._forget(before, refused=False)
        return [Abort()]

    def _forget(self, before: DeviceState, refused: bool) -> None:
        """Leave the connection behind, and choose when to try again."""
        self._forget_conversation()
        if before is not DeviceState.DIALLING and self._now - self._connected_at >= STABLE_AFTER:
            self._backoff.reset()
        if refused:
            self._backoff.longest()
        if self._state is DeviceState.WAITING:
            self._due = self._now + self._backoff.next()

    def _close(self, code: int, reason: str) -> Actions:
        return [Close(code, reason)] if self._move(Happening.FAULT, self._now) else []
