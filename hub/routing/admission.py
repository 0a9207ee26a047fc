"""How many strangers one address may send: connections that have not shown whose they are.

Those that showed it and wait to be claimed are the gatekeeper's to count.
"""

from __future__ import annotations

import ipaddress
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from hub.routing.limits import RoutingLimits
from protocol.problems import Problem, ProblemCode

_WINDOW: Final = 60.0
_MAX_SOURCES: Final = 10_000


def network_of(source: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 of an IPv6 address, which one host has to itself."""
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class _Crowd:
    """Connections that wait for the same thing."""

    def __init__(self, per_source: int, total: int) -> None:
        self._per_source = per_source
        self._total = total
        self._of: Counter[str] = Counter()
        self.count = 0

    @contextmanager
    def one(self, source: str) -> Iterator[None]:
        if self.count >= self._total or self._of[source] >= self._per_source:
            raise _too_many("Too many connections wait to be let in. Try again in a minute.")
        self._of[source] += 1
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1
            self._of[source] -= 1
            if not self._of[source]:
                del self._of[source]


class Admission:
    """Counts by source; ``now`` is monotonic seconds."""

    def __init__(self, limits: RoutingLimits, now: Callable[[], float]) -> None:
        self._now = now
        self._most = limits.failures_per_minute
        self._pending = _Crowd(limits.pending_per_source, limits.pending)
        # source -> (start of its minute, failures in it), the oldest first
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()

    @property
    def pending(self) -> int:
        """Connections that have not shown yet whose they are."""
        return self._pending.count

    @contextmanager
    def stranger(self, source: str) -> Iterator[None]:
        """For as long as it is not known who connects. Raises Problem(RATE_LIMITED)."""
        network = network_of(source)
        start, failures = self._failures.get(network, (0.0, 0))
        if failures >= self._most and self._now() - start < _WINDOW:
            raise _too_many("Too many attempts from this address failed. Try again in a minute.")
        with self._pending.one(network):
            yield

    def failed(self, source: str) -> None:
        """An attempt from this source was refused."""
        network, now = network_of(source), self._now()
        start, failures = self._failures.pop(network, (now, 0))
        if now - start >= _WINDOW:
            start, failures = now, 0
        self._failures[network] = (start, failures + 1)
        while len(self._failures) > _MAX_SOURCES:
            self._failures.popitem(last=False)


def _too_many(sentence: str) -> Problem:
    return Problem(ProblemCode.RATE_LIMITED, sentence, {"retry_after": int(_WINDOW)})
