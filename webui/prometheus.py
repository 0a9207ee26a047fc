"""The device's metrics in the words of Prometheus. Imported when somebody first scrapes: it takes memory and time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from gateway.sessions.types import SessionStatus
from webui.context import Device
from webui.meters import Meters

_LINK_STATES: Final = ("off", "connecting", "unclaimed", "online", "waiting")


class DeviceCollector:
    """Reads the device whenever it is scraped, so nothing is counted twice."""

    def __init__(self, device: Device, meters: Meters) -> None:
        self._device = device
        self._meters = meters

    def collect(self) -> Iterator[Metric]:
        """Every metric with its value now."""
        yield from self._about()
        yield from self._sessions()
        yield from self._traffic()
        yield from self._health()

    def _about(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("hutch_info", "What this device runs.", labels=["version", "gateway_id"])
        info.add_metric([self._device.version, self._device.gateway_id], 1)
        yield info
        age = (datetime.now(UTC) - self._device.started_at).total_seconds()
        yield GaugeMetricFamily("hutch_daemon_uptime_seconds", "Since the daemon began.", value=max(0.0, age))
        yield CounterMetricFamily("hutch_events", "Events published.", value=self._device.bus.last_id)
        link = GaugeMetricFamily("hutch_hub_link", "1 for the state the link is in.", labels=["state"])
        for state in _LINK_STATES:
            link.add_metric([state], int(self._device.hub_link.status.state == state))
        yield link

    def _sessions(self) -> Iterator[Metric]:
        sessions = self._device.sessions.list()
        family = GaugeMetricFamily("hutch_sessions", "Sessions by status.", labels=["status"])
        for status in SessionStatus:
            family.add_metric([status.value], sum(1 for info in sessions if info.status is status))
        yield family
        viewers = sum(info.viewers for info in sessions)
        yield GaugeMetricFamily("hutch_viewers", "Viewers of all sessions, the hub's included.", value=viewers)

    def _traffic(self) -> Iterator[Metric]:
        meters = self._meters
        yield CounterMetricFamily("hutch_terminal_output_bytes", "Sent to viewers.", value=meters.output_bytes)
        yield CounterMetricFamily("hutch_terminal_input_bytes", "Taken from viewers.", value=meters.input_bytes)
        yield CounterMetricFamily("hutch_terminal_snapshots", "Sent to viewers.", value=meters.snapshots)
        yield GaugeMetricFamily("hutch_terminal_sockets", "Terminal WebSockets open.", value=meters.terminals)
        yield GaugeMetricFamily("hutch_event_streams", "Event streams open.", value=meters.event_streams)

    def _health(self) -> Iterator[Metric]:
        health = self._device.latest_health()
        if health is None:
            return
        values: dict[str, tuple[str, float | None]] = {
            "hutch_cpu_percent": ("Processor in use, all cores.", health.cpu_percent),
            "hutch_ram_used_bytes": ("Memory in use.", health.ram_used_bytes),
            "hutch_ram_total_bytes": ("Memory.", health.ram_total_bytes),
            "hutch_disk_used_bytes": ("Disk in use.", health.disk_used_bytes),
            "hutch_disk_total_bytes": ("Disk.", health.disk_total_bytes),
            "hutch_uptime_seconds": ("Since the device booted.", health.uptime_seconds),
            "hutch_temperature_celsius": ("Of the processor.", health.temperature_celsius),
            "hutch_throttled": ("1 while the firmware slows the processor.", health.throttled),
        }
        for name, (text, value) in values.items():
            if value is not None:
                yield GaugeMetricFamily(name, text, value=float(value))
