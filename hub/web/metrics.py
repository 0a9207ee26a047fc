"""``/metrics`` of a hub: its own, and what each part adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

MetricsSource = Callable[[], Iterable[Metric]]
"""What a part shows each time it is asked; it reads what it holds in memory and waits for nothing."""


@dataclass(frozen=True)
class HubCollector:
    """Reads the hub whenever it is scraped, so nothing is counted twice."""

    version: str
    started_at: datetime
    sources: tuple[MetricsSource, ...]

    def collect(self) -> Iterator[Metric]:
        """Every metric with its value now."""
        info = GaugeMetricFamily("hutch_hub_info", "What this hub runs.", labels=["version"])
        info.add_metric([self.version], 1)
        yield info
        age = (datetime.now(UTC) - self.started_at).total_seconds()
        yield GaugeMetricFamily("hutch_hub_uptime_seconds", "Since this node of the hub began.", value=max(0.0, age))
        for source in self.sources:
            yield from source()
