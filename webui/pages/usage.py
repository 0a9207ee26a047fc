"""What agents used: tokens and cost per agent and day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from aiohttp import web

from foundation.web.pages.charts import Chart, Scale, Span, draw
from foundation.web.pages.rendering import PageView, render
from gateway.conversations.records.usage import DayUsage
from webui.context import Device, device_of
from webui.pages.talks import cli_in_words

DAYS: Final = 30
_SPAN = Span(timedelta(days=DAYS), timedelta(days=2), f"the last {DAYS} days", "%-d %b")


@dataclass(frozen=True, slots=True)
class DaySample:
    """One agent's day; ``at`` is its noon."""

    at: datetime
    tokens: int
    cost: float


@dataclass(slots=True)
class AgentUsage:
    """What one agent used in all these days; cost 0 where its CLI tells none."""

    name: str
    cli: str
    turns: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    seconds: int = 0
    days: dict[date, tuple[int, float]] = field(default_factory=dict)
    tokens_chart: Chart | None = None
    cost_chart: Chart | None = None

    def add(self, day: DayUsage) -> None:
        """One day more."""
        tokens_in, tokens_out, cost = day.input_tokens or 0, day.output_tokens or 0, day.cost_usd or 0.0
        self.turns += day.turns
        self.failed += day.failed
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out
        self.cost += cost
        self.seconds += round(day.seconds)
        tokens, spent = self.days.get(day.day, (0, 0.0))
        self.days[day.day] = (tokens + tokens_in + tokens_out, spent + cost)

    def chart(self, today: date, now: datetime) -> None:
        """Draw the curves of the days up to ``today``."""
        samples = [self._sample(today - timedelta(days=back), now) for back in range(DAYS - 1, -1, -1)]
        self.tokens_chart = _draw("Tokens", samples, lambda sample: sample.tokens, tokens_in_words, now)
        self.cost_chart = _draw("Cost", samples, lambda sample: sample.cost, dollars, now)

    def _sample(self, day: date, now: datetime) -> DaySample:
        tokens, cost = self.days.get(day, (0, 0.0))
        return DaySample(min(now, datetime.combine(day, time(12), UTC)), tokens, cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView(PageView):
    """All agents together, then one by one, who used most first."""

    days: int
    total: AgentUsage
    agents: Sequence[AgentUsage]
    tokens: Callable[[float], str]
    dollars: Callable[[float], str]


async def usage_page(request: web.Request) -> web.StreamResponse:
    """GET /usage."""
    device, now = device_of(request), datetime.now(UTC)
    start = datetime.combine(now.date() - timedelta(days=DAYS - 1), time(), UTC)
    total, agents = gathered(device, await device.usage.since(start), now)
    view = UsageView(
        title="Usage",
        nav="conversations",
        days=DAYS,
        total=total,
        agents=agents,
        tokens=tokens_in_words,
        dollars=dollars,
    )
    return render(request, "usage.html", view)


def gathered(device: Device, days: Iterable[DayUsage], now: datetime) -> tuple[AgentUsage, list[AgentUsage]]:
    """The days of each agent together, and of all of them."""
    total, agents = AgentUsage("All agents", ""), dict[tuple[str | None, str], AgentUsage]()
    for day in days:
        cli = cli_in_words(device, day.cli)
        key = (day.worker_id, day.cli)
        agents.setdefault(key, AgentUsage(day.worker_name or cli, cli)).add(day)
        total.add(day)
    for one in (total, *agents.values()):
        one.chart(now.date(), now)
    return total, sorted(agents.values(), key=lambda one: one.tokens_in + one.tokens_out, reverse=True)


def tokens_in_words(count: float) -> str:
    """``812``, ``12.8k``, ``3.4M``."""
    if count < 1000:
        return f"{count:.0f}"
    return f"{count / 1000:.1f}k" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def dollars(amount: float) -> str:
    """US dollars, small amounts to the hundredth of a cent."""
    return f"${amount:.2f}" if amount == 0 or amount >= 0.1 else f"${amount:.4f}"


def _draw(
    name: str,
    samples: Sequence[DaySample],
    value: Callable[[DaySample], float],
    words: Callable[[float], str],
    now: datetime,
) -> Chart | None:
    highest = max(value(sample) for sample in samples)
    return draw(samples, Scale[DaySample](name, value, 0, highest, words), now, _SPAN) if highest > 0 else None
