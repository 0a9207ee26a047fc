"""``/metrics`` in the text format of Prometheus, for applications that bring a collector."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import web

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from foundation.web.prometheus import Exporter


class Collector(Protocol):
    """Reads an application whenever it is scraped, so nothing is counted twice."""

    def collect(self) -> Iterable[Metric]:
        """Every metric with its value now."""


class Exposition:
    """The exporter, made when somebody first asks: it takes memory and time, and most devices are never scraped."""

    def __init__(self, make: Callable[[], Collector]) -> None:
        """``make`` is called in a thread, because it may import: an import reads files."""
        self._make = make
        self._lock = asyncio.Lock()
        self._exporter: Exporter | None = None

    async def answer(self) -> web.Response:
        """Every metric now."""
        async with self._lock:
            if self._exporter is None:
                self._exporter = await asyncio.to_thread(self._made)
        response = web.Response(body=self._exporter.text())
        response.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
        return response

    def _made(self) -> Exporter:
        from foundation.web.prometheus import Exporter

        return Exporter(self._make())


EXPOSITION: Final[web.AppKey[Exposition]] = web.AppKey("exposition", Exposition)
