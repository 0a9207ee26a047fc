"""What went through this node, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from hub.routing.connections import Connections

_NOW: Final = frozenset({"connections", "viewers"})
_HELP: Final = {
    "connections": "Sockets of devices that are open.",
    "viewers": "Terminals that are watched.",
    "connects": "Devices that were let in.",
    "refused_connects": "Connections that were refused.",
    "replaced": "Connections that a newer one of the same device replaced.",
    "cut_slow": "Devices that were cut because they did not read.",
    "cut_flooding": "Devices that were cut because they sent too much.",
    "throttled": "Times a device was read more slowly.",
    "bad_messages": "Messages of devices that could not be used.",
    "calls": "Commands that were sent.",
    "calls_timed_out": "Commands that were not answered in time.",
    "output_frames": "Frames of terminal output that somebody watched.",
    "output_bytes": "Bytes of terminal output that somebody watched.",
    "unwatched_frames": "Frames of terminal output that nobody watched.",
    "lost_frames": "Frames that slow viewers did not get.",
    "snapshots": "Screens that were asked for.",
    "acks": "Acknowledgements that were sent to devices.",
    "runaways": "Sessions that were cut off for too much output.",
}


def routing_metrics(connections: Connections) -> Iterator[Metric]:
    """The counters of a node."""
    for one in fields(connections.stats):
        value = float(getattr(connections.stats, one.name))
        name, text = f"hutch_hub_{one.name}", _HELP[one.name]
        if one.name in _NOW:
            yield GaugeMetricFamily(name, text, value=value)
        else:
            yield CounterMetricFamily(name, text, value=value)
