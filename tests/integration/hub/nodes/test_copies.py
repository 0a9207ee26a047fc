"""Two machines with one key, which a load balancer sends to two nodes: the same alarm as on one node."""

from __future__ import annotations

import pytest

from hub.enrolment.duplicates import Duplicates
from hub.nodes.relaying import ReplacementRelay
from hub.ports import DeviceRow
from protocol.close_codes import CloseCode
from protocol.problems import Problem
from tests.doubles.hub_ports import FakeDevice
from tests.integration.hub.nodes.rig import Node
from tests.integration.hub.nodes.test_cluster import Hub, Until, hub, until

__all__ = ["hub", "until"]

COPIED = DeviceRow("d-1", 1, 1, "shed")
HOME, AWAY = "192.0.2.1", "198.51.100.7"


class Watch:
    """What one node makes of the arrivals."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.alarms: list[tuple[str, ...]] = []
        self.heard: list[tuple[str, float]] = []
        self.duplicates = Duplicates(lambda _device, sources: self.alarms.append(sources))
        self.duplicates.tell_others(ReplacementRelay(node.cluster.signals, self._hear).tell)

    def comes(self, source: str) -> None:
        """A machine proves the key here, as the gatekeeper lets it in."""
        self.duplicates.arrived(COPIED, source, replaces=self.node.cluster.ports.online(COPIED.id))
        self.node.come(FakeDevice(COPIED.id))

    def _hear(self, device_id: str, source: str, hold: float) -> None:
        self.duplicates.heard(device_id, source, hold)
        self.heard.append((source, hold))


async def test_copies_on_two_nodes_are_told_once_and_the_newest_stays(hub: Hub, until: Until) -> None:
    one, other = Watch(hub.one), Watch(hub.other)
    one.comes(HOME)
    await until(lambda: hub.other.cluster.directory.elsewhere(COPIED.id))
    other.comes(AWAY)
    assert await hub.one.cuts.get() == (COPIED.id, CloseCode.REPLACED)
    await until(lambda: one.heard == [(AWAY, 0)])
    one.comes(HOME)
    assert one.alarms == [(AWAY, HOME)]
    assert await hub.other.cuts.get() == (COPIED.id, CloseCode.REPLACED)
    await until(lambda: other.heard == [(HOME, 30)])
    with pytest.raises(Problem) as refused:
        other.comes(AWAY)
    assert refused.value.details["close"] == CloseCode.DUPLICATE_KEY
    assert other.alarms == [], "one alarm, not one on each node"
    assert hub.one.cluster.ports.online(COPIED.id)
