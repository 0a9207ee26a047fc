"""What ``/metrics`` shows of the fleet: a :data:`hub.web.metrics.MetricsSource`."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from hub.fleet.service import Fleet


def fleet_metrics(fleet: Fleet) -> Iterator[Metric]:
    """Gauges, read from memory."""
    for name, text, value in (
        ("hutch_hub_devices_here", "Devices whose socket is on this node.", len(fleet.state)),
        ("hutch_hub_alerts_open", "Open alerts of the whole hub.", fleet.engine.open_count),
        ("hutch_hub_fleet_unwritten", "Devices and averages of health that are not written yet.", len(fleet.writer)),
        ("hutch_hub_events_unwritten", "Events that are not written yet.", len(fleet.trail)),
    ):
        yield GaugeMetricFamily(name, text, value=value)
