"""Whether something comes faster than it may, for the price of two additions."""

from __future__ import annotations

from hub.routing.limits import Rate


class Budget:
    """Counts against a :class:`Rate`. The clock is only asked once a second's worth is used up."""

    __slots__ = ("_bytes", "_messages", "_over_since", "_rate", "_start")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._start = now
        self._bytes = 0
        self._messages = 0
        self._over_since: float | None = None

    def spend(self, size: int, messages: int) -> bool:
        """Count; True when :meth:`wait` has to be asked."""
        self._bytes += size
        self._messages += messages
        return self._bytes > self._rate.bytes_per_second or self._messages > self._rate.messages_per_second

    def wait(self, now: float) -> float:
        """Seconds to wait before any more is taken, and 0.0 when it did not come too fast; counting starts anew."""
        rate = self._rate
        took = max(self._bytes / rate.bytes_per_second, self._messages / rate.messages_per_second)
        early = self._start + took - now
        self._bytes = self._messages = 0
        if early <= 0:
            self._start = now
            self._over_since = None
            return 0.0
        if self._over_since is None:
            self._over_since = self._start
        self._start += took
        return early

    def restart(self, now: float) -> None:
        """Owe nothing for what came too fast; for those who cannot make it wait."""
        self._start = now

    def exhausted(self, now: float) -> bool:
        """Whether it has been too fast for as long as it may be."""
        return self._over_since is not None and now - self._over_since > self._rate.patience
