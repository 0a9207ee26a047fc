"""One node of a hub as a process of its own: link endpoint, store, bus, and a few questions over HTTP for the test.

``python -m tests.integration.hub.nodes.node_process`` with DATABASE and NATS in the environment; prints its port.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

from aiohttp import web

from foundation.secrets_box import KEY_BYTES, SecretsBox
from foundation.store.database import Store
from hub.events import AnyHubEvent
from hub.nodes.cluster import Cluster, Here, Times, new_node_id
from hub.nodes.commands.types import Submission
from hub.nodes.link_events import NodeLinkEvents
from hub.nodes.nats_bus import NatsBus
from hub.ports import Output, ViewerName
from hub.routing.admission import Admission
from hub.routing.connections import Connections
from hub.routing.door import Door
from hub.routing.limits import RoutingLimits
from hub.routing.local import LocalPorts
from hub.routing.wheel import Wheel
from hub.store.schema import HUB_SCHEMA
from protocol.codec import encode, parse_command
from protocol.problems import ErrorAnswer, Problem
from tests.doubles.hub_doors import Everybody, Silent

TIMES = Times(renew=0.2, lease=1.5, look=1.0)


class Asked:
    """What the test may ask of this node."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def call(self, request: web.Request) -> web.Response:
        command = parse_command(await request.read())
        answered = await self._cluster.ports.of(request.match_info["device"]).call(command, within=5)
        return web.json_response({"ok": answered.ok, "events": [encode(event) for event in answered.events]})

    async def submit(self, request: web.Request) -> web.Response:
        command = parse_command(await request.read())
        wish = Submission(request.match_info["device"], command, "test", key=request.query.get("key"))
        return web.json_response({"id": (await self._cluster.commands.submit(wish)).id})

    async def commands(self, request: web.Request) -> web.Response:
        listed = await self._cluster.commands.listed(request.match_info["device"], limit=200)
        return web.json_response({str(one.id): str(one.state) for one in listed})

    async def watch(self, request: web.Request) -> web.Response:
        """Watch until so many bytes of output came, typing ``x`` first; the output."""
        wanted, seen, last = int(request.query["bytes"]), bytearray(), 0
        async with self._cluster.ports.of(request.match_info["device"]).watch("s-1", ViewerName("Ann")) as watch:
            await watch.type(b"x")
            async for item in watch:
                if isinstance(item, Output):
                    seen += item.payload
                    last = item.seq
                    watch.ack(last)
                if len(seen) >= wanted:
                    break
        return web.Response(body=bytes(seen))


@web.middleware
async def problems(request: web.Request, handler: web.Handler) -> web.StreamResponse:  # type: ignore[name-defined]
    try:
        answer: web.StreamResponse = await handler(request)
    except Problem as problem:
        return web.Response(status=409, text=ErrorAnswer.of(problem).model_dump_json())
    return answer


def publish(_event: AnyHubEvent) -> None:
    """Nobody reads events here."""


async def lost(_node_id: str, _devices: Sequence[str]) -> None:
    """Nobody has to be told."""


async def main() -> None:
    node_id = new_node_id()
    store = await Store.open(os.environ["DATABASE"], HUB_SCHEMA)
    bus = NatsBus(os.environ["NATS"], name=node_id, retry_after=0.05)
    await bus.start()
    link = NodeLinkEvents(Silent())
    limits = RoutingLimits(pending_per_source=20_000, pending=20_000)
    wheel = Wheel.of_loop()
    connections = Connections(link, wheel, limits)
    here = Here(
        store=store,
        bus=bus,
        box=SecretsBox(bytes(KEY_BYTES)),
        local=LocalPorts(connections),
        cutter=connections,
        link_events=link,
        publish=publish,
        lost=lost,
        recheck=lambda _device_id: None,
    )
    cluster = await Cluster.start(here, node_id=node_id, name="test", alone=False, times=TIMES)
    door = Door(connections, Everybody(), Admission(limits, wheel.now), lambda request: request.remote or "")
    asked = Asked(cluster)
    app = web.Application(middlewares=[problems])
    app.router.add_get("/gw/connect", door.connect)
    app.router.add_post("/call/{device}", asked.call)
    app.router.add_post("/submit/{device}", asked.submit)
    app.router.add_get("/commands/{device}", asked.commands)
    app.router.add_get("/watch/{device}", asked.watch)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await cluster.run()


if __name__ == "__main__":
    asyncio.run(main())
