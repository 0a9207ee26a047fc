"""The bus that the settings ask for."""

from __future__ import annotations

from hub.nodes.bus import Bus
from hub.nodes.local_bus import LocalBus
from hub.nodes.nats_bus import NatsBus


async def open_bus(nats_url: str | None, node_id: str) -> Bus:
    """NATS where there is an address for it, else within this process.

    A NATS server that does not answer yet is no reason not to start. Raises Problem(UNAVAILABLE) without the client.
    """
    if nats_url is None:
        return LocalBus()
    bus = NatsBus(nats_url, name=f"hutch-{node_id}")
    await bus.start()
    return bus
