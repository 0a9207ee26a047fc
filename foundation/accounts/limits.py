"""How often somebody may guess: a few free attempts, then a delay that doubles."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from time import monotonic

from protocol.problems import Problem, ProblemCode


@dataclass(frozen=True, slots=True)
class Allowance:
    """``free`` failures cost nothing; each one more doubles the delay from ``first`` up to ``longest`` seconds."""

    free: int
    first: float
    longest: float


PER_SOURCE = Allowance(free=5, first=1, longest=15 * 60)
PER_NAME = Allowance(free=10, first=1, longest=60)
"""Milder, because anybody on the network can fail in another person's name and must not lock them out."""
FORGET = 60 * 60
"""Seconds after which failures are forgotten."""
MAX_ENTRIES = 4096


@dataclass(slots=True)
class _Failures:
    count: int
    last: float


class GuessLimits:
    """Failures by source and by name, in memory. An attempt counts as failed until it has succeeded.

    Counting first means that a thousand guesses at once are not all let through before the first has failed.
    """

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        per_source: Allowance = PER_SOURCE,
        per_name: Allowance = PER_NAME,
    ) -> None:
        self._clock = clock
        self._allowances = {"source": per_source, "name": per_name}
        self._entries: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def attempt(self, source: str, name: str) -> Attempt:
        """Begin an attempt. Raises :class:`Problem` RATE_LIMITED with ``retry_after`` (whole seconds)."""
        keys = [("source", source_key(source)), ("name", name[:64])]
        now = self._clock()
        wait = max(self._wait(key, now) for key in keys)
        if wait > 0:
            seconds = math.ceil(wait)
            raise Problem(
                ProblemCode.RATE_LIMITED,
                f"Too many attempts. Wait {seconds} second{'' if seconds == 1 else 's'} and try again.",
                {"retry_after": seconds},
            )
        for key in keys:
            self._count(key, now)
        return Attempt(self, keys)

    def _wait(self, key: tuple[str, str], now: float) -> float:
        entry = self._entries.get(key)
        if entry is None or now - entry.last > FORGET:
            return 0
        allowance = self._allowances[key[0]]
        if entry.count < allowance.free:
            return 0
        # The exponent is bounded because a float is.
        delay = min(allowance.first * 2.0 ** min(entry.count - allowance.free, 32), allowance.longest)
        return entry.last + delay - now

    def _count(self, key: tuple[str, str], now: float) -> None:
        entry = self._entries.pop(key, None)
        fresh = entry is None or now - entry.last > FORGET
        self._entries[key] = _Failures(1 if fresh or entry is None else entry.count + 1, now)
        while len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)

    def _take_back(self, keys: list[tuple[str, str]]) -> None:
        for key in keys:
            entry = self._entries.get(key)
            if entry is None:
                continue
            # A source keeps its other failures: an account of one's own must not buy guesses at others.
            entry.count = entry.count - 1 if key[0] == "source" else 0
            if entry.count <= 0:
                del self._entries[key]


class Attempt:
    """One guess that was let through."""

    def __init__(self, limits: GuessLimits, keys: list[tuple[str, str]]) -> None:
        self._limits = limits
        self._keys = keys

    def succeeded(self) -> None:
        """It was right, and does not count as a failure."""
        self._limits._take_back(self._keys)


def source_key(source: str) -> str:
    """What counts as one source: an IPv4 address, the /64 of an IPv6 address, or the text itself."""
    try:
        address = ip_address(source)
    except ValueError:
        return source[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        # All neighbours share one link-local /64, so there the whole address counts.
        if not address.is_link_local:
            return str(ip_network((int(address), 64), strict=False))
    return str(address)
