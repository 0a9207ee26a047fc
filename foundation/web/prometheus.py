"""The text that Prometheus scrapes. Imported when somebody first does: it takes memory and time."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from foundation.web.metrics import Collector


class Exporter:
    """A registry of one collector."""

    def __init__(self, collector: Collector) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(collector)

    def text(self) -> bytes:
        """Every metric now, in the text format 0.0.4."""
        return generate_latest(self._registry)
