"""nats-server goes away and comes back under two nodes of one hub."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from protocol.commands import SessionInput
from protocol.problems import ProblemCode
from provisioning.device_key import DeviceKeyFile
from tests.integration.hub_days.town import WITHIN, Json, Town, town
from tests.nats import NatsServer

TYPING: Json = {"type": "session.input", "session_id": "s-1", "data": "MQ=="}
LOOK: Json = {"type": "agents.list"}


async def reaches(node: Town, device_id: str) -> None:
    """Wait until this node gets through to a device again."""
    async with asyncio.timeout(WITHIN):
        while (answer := await node.ask("POST", f"/api/devices/{device_id}/commands", LOOK)).status != 200:
            assert answer.status == 503, answer


async def key_accepted(node: Town, device: Path) -> None:
    """Wait until a device has one key, and no other that waits to be accepted."""
    keys = DeviceKeyFile(device / "device-key.json")
    async with asyncio.timeout(WITHIN):
        while (held := await asyncio.to_thread(keys.read)) is None or held.next is not None:
            await node.ask("GET", "/health")


async def test_a_hub_of_two_nodes_outlives_nats(postgresql_hub: str, nats: NatsServer, tmp_path: Path) -> None:
    environ = {
        "HUTCH_HUB_DATABASE_URL": postgresql_hub,
        "HUTCH_HUB_NATS_URL": nats.url,
        "HUTCH_HUB_KEY_FILE": str(tmp_path / "hub.key"),
    }
    async with AsyncExitStack() as stack:
        holder = await stack.enter_async_context(town(tmp_path / "one", environ))
        other = await holder.another_node(tmp_path / "two", stack)
        gateway = await holder.gateway("garden-1")
        await stack.enter_async_context(gateway.running())
        _, device_id = await stack.enter_async_context(holder.device(tmp_path / "device"))
        session_id = await holder.session(device_id, "notes")
        near = await stack.enter_async_context(holder.watching(device_id, session_id))
        far = await stack.enter_async_context(other.watching(device_id, session_id))
        await near.echoes("before")
        await far.shows("before")
        # Asked on one node, answered on the other: the device hears that its new key counts on the socket it has.
        assert (await other.ask("POST", f"/api/devices/{device_id}/rotate-key")).status == 200
        await key_accepted(other, tmp_path / "device")
        await nats.stop()
        # The node that holds the sockets needs nobody; the other one says what is wrong.
        await near.echoes("meanwhile")
        refused = await other.ask("POST", f"/api/devices/{device_id}/commands", LOOK)
        assert (refused.status, refused.code) == (503, ProblemCode.UNAVAILABLE), refused
        accepted = await other.queue("garden-1", TYPING)
        assert accepted.status == 202
        await nats.start()
        await gateway.until(lambda: bool(gateway.heard(SessionInput)))
        await reaches(other, device_id)
        async with other.watching(device_id, session_id) as again:
            assert b"meanwhile" in again.shown
            await near.echoes("afterwards")
            await again.shows("afterwards")
        assert await other.settled("garden-1") == ["acked"]
        assert (holder.hub.alive, other.hub.alive, near.closed, near.problems) == (True, True, False, [])
    assert (gateway.connections, len(gateway.heard(SessionInput))) == (1, 1)
