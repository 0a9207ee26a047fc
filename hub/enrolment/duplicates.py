"""Two devices with one key: seen by their connections, which throw each other out by turns."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from hub.enrolment.refusals import duplicate_key
from hub.ports import DeviceRow

OnDuplicate = Callable[[DeviceRow, tuple[str, ...]], None]
"""Told the device and the addresses that use its key, the newest last. Must not block."""
Tell = Callable[[str, str, float], None]
"""Told a device, the address that replaced a live socket of it, and the hold in seconds or 0. Must not block."""


@dataclass(frozen=True, slots=True)
class FlappingRules:
    """When it is an alarm, and how long the newest connection is then protected. Seconds."""

    window: float = 120
    returns: int = 2
    """Changes of the address, each replacing a live socket: A, then B, then A again."""
    replacements: int = 6
    """Replacements of live sockets from one address, where two copies sit behind one router."""
    first_hold: float = 30
    longest_hold: float = 300
    quiet: float = 3600
    """After so long without an alarm, the next one is told again and the hold begins anew."""
    devices: int = 50_000


@dataclass(slots=True)
class _History:
    arrivals: deque[tuple[float, str, bool]] = field(default_factory=lambda: deque(maxlen=32))
    hold: float = 0
    held_until: float = -math.inf
    alarm_at: float = -math.inf


class Duplicates:
    """The arrivals of the last minutes by device, in memory.

    Every node tells the others what it saw (:meth:`tell_others`, :meth:`heard`): copies that a load balancer sends to
    different nodes throw each other out as they would on one.
    """

    def __init__(
        self,
        on_duplicate: OnDuplicate,
        rules: FlappingRules | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._on_duplicate = on_duplicate
        self._rules = rules or FlappingRules()
        self._clock = clock
        self._devices: OrderedDict[str, _History] = OrderedDict()
        self._tell: Tell = lambda device_id, source, hold: None

    def tell_others(self, tell: Tell) -> None:
        """Have other nodes told of arrivals here that replace a live socket."""
        self._tell = tell

    def heard(self, device_id: str, source: str, hold: float) -> None:
        """What another node saw: the alarm, if it was one, is told there."""
        now, history = self._clock(), self._history(device_id)
        self._note(history, now, source, replaces=True)
        if hold > 0:
            self._protect(history, now, min(hold, self._rules.longest_hold))

    def arrived(self, device: DeviceRow, source: str, *, replaces: bool) -> None:
        """Note that the device proved its key, and whether another socket of it is live.

        Raises :class:`Problem` FORBIDDEN with close code 4410 and ``retry_after`` while the live one is protected: it
        stays, so that two copies do not throw each other out for ever. A device whose socket is gone always comes in.
        """
        now = self._clock()
        history = self._history(device.id)
        if replaces and now < history.held_until:
            raise duplicate_key(math.ceil(history.held_until - now))
        self._note(history, now, source, replaces=replaces)
        flaps = replaces and self._flaps(history)
        if flaps:
            self._alarm(device, history, now)
        if replaces:
            self._tell(device.id, source, history.hold if flaps else 0)

    def _note(self, history: _History, now: float, source: str, *, replaces: bool) -> None:
        history.arrivals.append((now, source, replaces))
        while history.arrivals[0][0] <= now - self._rules.window:
            history.arrivals.popleft()

    def _history(self, device_id: str) -> _History:
        history = self._devices.pop(device_id, None) or _History()
        self._devices[device_id] = history
        while len(self._devices) > self._rules.devices:
            self._devices.popitem(last=False)
        return history

    def _flaps(self, history: _History) -> bool:
        sources = [source for _, source, _ in history.arrivals]
        replaced = [replaces for _, _, replaces in history.arrivals]
        changes = sum(
            now_replaced and here != before
            for before, here, now_replaced in zip(sources, sources[1:], replaced[1:], strict=False)
        )
        return changes >= self._rules.returns or sum(replaced) >= self._rules.replacements

    def _alarm(self, device: DeviceRow, history: _History, now: float) -> None:
        quiet = now - history.alarm_at > self._rules.quiet
        hold = self._rules.first_hold if quiet else min(history.hold * 2, self._rules.longest_hold)
        newest = history.arrivals[-1][1]
        others = dict.fromkeys(source for _, source, _ in history.arrivals if source != newest)
        self._protect(history, now, hold)
        if quiet:
            self._on_duplicate(device, (*others, newest))

    def _protect(self, history: _History, now: float, hold: float) -> None:
        history.hold = hold
        history.held_until = now + hold
        history.arrivals = deque(list(history.arrivals)[-1:], maxlen=history.arrivals.maxlen)
        history.alarm_at = now
