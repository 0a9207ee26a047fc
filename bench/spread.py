"""What is made of a list of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the tail of samples, in the unit of the samples."""

    p50: float
    p99: float
    count: int

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        """Nearest-rank percentiles; at least one sample."""
        ordered = sorted(samples)
        return cls(p50=_percentile(ordered, 50), p99=_percentile(ordered, 99), count=len(ordered))


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
