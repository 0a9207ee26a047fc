"""A device's real link to a hub's real door: nothing between the two stands in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from hub.ports import DevicePort, ViewerName, Watch
from hub.routing.admission import Admission
from hub.routing.connections import Connections
from hub.routing.door import Door
from hub.routing.local import LocalPorts
from hub.routing.wheel import Wheel
from protocol.commands import AnyCommand, SessionCreate, SessionSnapshotRequest
from protocol.events import AnyEvent, GatewayHello, SessionSnapshot, SessionStarted
from protocol.limits import ANSWER_WITHIN
from protocol.link import Deliver, DeliverInput, DeviceAction, DeviceLink, Dial, Greet, SendBinary, SendPing, SendText
from protocol.link.actions import Answered
from tests.doubles.ports import ScriptedDevice
from tests.integration.hub.enrolment.rig import HubRig
from tests.unit.hub.fleet.examples import active, health


class Through(ScriptedDevice):
    """A device of the rig that is a real one."""

    def __init__(self, port: DevicePort) -> None:
        super().__init__(port.device_id)
        self._port = port

    async def call(self, command: AnyCommand, *, within: float = ANSWER_WITHIN) -> Answered:
        """Ask the device."""
        return await self._port.call(command, within=within)

    def watch(self, session_id: str, viewer: ViewerName) -> AbstractAsyncContextManager[Watch]:
        """Watch the device."""
        return self._port.watch(session_id, viewer)


@asynccontextmanager
async def door_of(rig: HubRig) -> AsyncIterator[str]:
    """The address at which devices come in to the rig's hub."""
    wheel = Wheel.of_loop()
    connections = Connections(rig.hub.fleet.state, wheel)
    gatekeeper = rig.doors.enrolment.gatekeeper
    door = Door(connections, gatekeeper, Admission(connections.limits, wheel.now), lambda _: "127.0.0.1")
    app = web.Application()
    app.router.add_get("/gw/connect", door.connect)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ports = LocalPorts(connections)
    rig.ports.devices["gw"] = Through(ports.of("gw"))
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/gw/connect"
    finally:
        await connections.stop()
        wheel.stop()
        await runner.cleanup()


class LinkedDevice:
    """A device with one session ``s1``, which does what it is asked and keeps what is typed."""

    def __init__(self, hello: GatewayHello, ws: ClientConnection) -> None:
        self.asked: list[AnyCommand] = []
        self.typed: asyncio.Queue[bytes] = asyncio.Queue()
        self._link = DeviceLink(hello, random=lambda: 0.0)
        self._ws = ws
        self._seq = 0

    async def serve(self) -> None:
        """Greet, then answer until the socket ends."""
        assert self._link.start(0.0) == [Dial()]
        await self._do(self._link.connected(0.0))
        try:
            async for message in self._ws:
                if isinstance(message, str):
                    await self._do(self._link.received_text(message, self._now()))
                else:
                    await self._do(self._link.received_binary(message, self._now()))
        except ConnectionClosed:
            return

    async def output(self, payload: bytes) -> None:
        """The session writes."""
        self._seq += 1
        await self._do(self._link.output("s1", self._seq - 1, payload, self._now()))

    async def say(self, event: AnyEvent) -> None:
        """Tell something."""
        await self._do(self._link.send(event, self._now()))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _screen(self, request_id: str | None) -> SessionSnapshot:
        return SessionSnapshot(
            request_id=request_id, session_id="s1", content="$ ", cols=80, rows=24, seq=self._seq, scrollback=0
        )

    async def _do(self, actions: list[DeviceAction]) -> None:
        for action in actions:
            match action:
                case SendText(text=text):
                    await self._ws.send(text)
                case SendBinary(data=data):
                    await self._ws.send(data)
                case SendPing(payload=payload):
                    await self._ws.ping(payload)
                case Greet():
                    first = health(active("s1", name="fix it", status="working"), device_id="gw")
                    await self._do(self._link.greet(first, [self._screen(None)], self._now()))
                case DeliverInput(frame=frame):
                    self.typed.put_nowait(frame.payload)
                case Deliver():
                    await self._obey(action)
                case _:
                    continue

    async def _obey(self, action: Deliver) -> None:
        command = action.command
        events: list[AnyEvent] = []
        self.asked.append(command)
        if isinstance(command, SessionCreate):
            events.append(SessionStarted(request_id=command.request_id, session_id=command.session_id, pid=7))
        elif isinstance(command, SessionSnapshotRequest):
            await self._do(self._link.succeed(action, self._screen(command.request_id), now=self._now()))
            return
        await self._do(self._link.succeed(action, *events, now=self._now()))


@asynccontextmanager
async def linked(url: str, token: str, hello: GatewayHello) -> AsyncIterator[LinkedDevice]:
    """A device that is connected while inside."""
    headers = {"Authorization": f"Bearer {token}", "X-Gateway-Id": "gw"}
    async with connect(url, additional_headers=headers, compression=None, ping_interval=None) as ws:
        device = LinkedDevice(hello, ws)
        serving = asyncio.create_task(device.serve())
        try:
            yield device
        finally:
            serving.cancel()
            await asyncio.wait({serving})
