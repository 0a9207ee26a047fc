"""Charts of the last hours or days, drawn on the server as SVG paths; a script adds the value under the pointer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

WIDTH = 240
HEIGHT = 48


class Sample(Protocol):
    """A measurement at a time (aware)."""

    @property
    def at(self) -> datetime:
        """When it was taken."""


S = TypeVar("S", bound=Sample)
Point = tuple[float, float, str]
"""x and y in the chart's own units, and the value in words."""


@dataclass(frozen=True, slots=True)
class Span:
    """How far back a chart goes."""

    length: timedelta
    gap: timedelta
    """Samples further apart are not joined: the device was off, and a line would claim otherwise."""
    words: str
    """As in: over the last hour."""
    stamp: str = "%H:%M UTC"
    """How a moment is said (strftime)."""


LAST_HOUR = Span(timedelta(hours=1), timedelta(minutes=4), "the last hour")


@dataclass(frozen=True, slots=True)
class Chart:
    """One curve over a span: the paths, the points for the pointer, and the same in words."""

    curve: str
    area: str
    points: str
    """JSON: [[x, words], …]."""
    summary: str


# Without slots: on Python 3.11 a generic class that is frozen and has them cannot be made by way of an alias.
@dataclass(frozen=True)
class Scale(Generic[S]):
    """What a chart shows: the value of a sample, its range, and how it is said."""

    name: str
    value: Callable[[S], float | None]
    low: float
    high: float
    words: Callable[[float], str]


def draw(samples: Sequence[S], scale: Scale[S], now: datetime, span: Span = LAST_HOUR) -> Chart | None:
    """The chart of ``samples`` (oldest first) up to ``now``; None when fewer than two tell the value."""
    told = [(sample.at, value) for sample in samples if (value := scale.value(sample)) is not None]
    told = [(at, value) for at, value in told if now - span.length <= at <= now]
    if len(told) < 2:
        return None
    runs = _runs(told, scale, now, span)
    values = [value for _, value in told]
    return Chart(
        curve=" ".join(_line(run) for run in runs),
        area=" ".join(f"{_line(run)} L{run[-1][0]:.1f} {HEIGHT} L{run[0][0]:.1f} {HEIGHT} Z" for run in runs),
        points=json.dumps([[round(x, 1), words] for run in runs for x, _, words in run]),
        summary=f"{scale.name} over {span.words}: now {scale.words(values[-1])}, "
        f"lowest {scale.words(min(values))}, highest {scale.words(max(values))}.",
    )


def _runs(told: Sequence[tuple[datetime, float]], scale: Scale[S], now: datetime, span: Span) -> list[list[Point]]:
    runs: list[list[Point]] = []
    before: datetime | None = None
    for at, value in told:
        x = WIDTH * (1 - (now - at) / span.length)
        share = (value - scale.low) / (scale.high - scale.low)
        y = HEIGHT - (HEIGHT - 3) * min(1.0, max(0.0, share)) - 1
        if before is None or at - before > span.gap:
            runs.append([])
        runs[-1].append((x, y, f"{scale.words(value)} at {at.strftime(span.stamp)}"))
        before = at
    return runs


def _line(run: Sequence[Point]) -> str:
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y, _ in run)
