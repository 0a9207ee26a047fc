"""All devices of the hub: those of this node directly, the others through the node that holds their socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from hub.nodes.bus import Bus
from hub.nodes.calls import OpenStream, OpenWatch, read_answer, write_call
from hub.nodes.directory import Directory
from hub.nodes.relay.channel import STREAM_WINDOW, TERMINAL_WINDOW, Channel
from hub.nodes.relay.relays import Relays
from hub.nodes.relay.watching import RemoteWatch
from hub.ports import DevicePort, Ports, Stream, ViewerName, Watch
from protocol.commands import AnyCommand
from protocol.limits import ANSWER_WITHIN
from protocol.link.actions import Answered

ON_THE_WAY: Final = 2.0
"""Seconds that the other node has beyond the device's, so that its answer says more than ours could."""
OPEN_WITHIN: Final = ANSWER_WITHIN + ON_THE_WAY


class ClusterPorts:
    """:class:`hub.ports.Ports` of a hub of several nodes."""

    def __init__(self, local: Ports, bus: Bus, relays: Relays, directory: Directory) -> None:
        self._local = local
        self._bus = bus
        self._relays = relays
        self._directory = directory

    def of(self, device_id: str) -> DevicePort:
        """The port of a device."""
        return ClusterPort(device_id, self._choose, RemotePort(device_id, self._bus, self._relays))

    def online(self, device_id: str) -> bool:
        """Whether some node has the device."""
        return self._local.online(device_id) or self._directory.elsewhere(device_id)

    def _choose(self, remote: RemotePort) -> DevicePort:
        device_id = remote.device_id
        if self._local.online(device_id) and not self._directory.elsewhere(device_id):
            return self._local.of(device_id)
        return remote


class RemotePort:
    """A device whose socket is on another node, if on any; see :class:`hub.ports.DevicePort`."""

    def __init__(self, device_id: str, bus: Bus, relays: Relays) -> None:
        self._device_id = device_id
        self._bus = bus
        self._relays = relays

    @property
    def device_id(self) -> str:
        """The gateway id."""
        return self._device_id

    async def call(self, command: AnyCommand, *, within: float = ANSWER_WITHIN) -> Answered:
        """Let the other node call."""
        answer = await self._ask("call", write_call(command, within), within + ON_THE_WAY)
        return read_answer(command, answer)

    @asynccontextmanager
    async def watch(self, session_id: str, viewer: ViewerName) -> AsyncIterator[Watch]:
        """Let the other node watch, and show what it sees."""
        channel = self._relays.make(TERMINAL_WINDOW)
        asked = OpenWatch(
            channel=channel.id,
            node=self._relays.node_id,
            session_id=session_id,
            viewer=viewer.name,
            may_write=viewer.may_write,
        )
        async with self._opened(channel, "watch", asked.model_dump_json()):
            watch = RemoteWatch(self._relays, channel)
            acks = asyncio.create_task(watch.send_acks())
            try:
                yield watch
            finally:
                acks.cancel()
                await asyncio.gather(acks, return_exceptions=True)

    async def open_stream(self) -> Stream:
        """Let the other node open one."""
        channel = self._relays.make(STREAM_WINDOW)
        asked = OpenStream(channel=channel.id, node=self._relays.node_id)
        await self._open(channel, "stream", asked.model_dump_json())
        return channel

    @asynccontextmanager
    async def _opened(self, channel: Channel, what: str, asked: str) -> AsyncIterator[None]:
        await self._open(channel, what, asked)
        try:
            yield
        finally:
            await channel.close()

    async def _open(self, channel: Channel, what: str, asked: str) -> None:
        try:
            answer = await self._ask(what, asked.encode(), OPEN_WITHIN)
        except BaseException:
            self._relays.give_up(channel)
            raise
        channel.peer = answer.decode("ascii", "replace")

    async def _ask(self, what: str, data: bytes, within: float) -> bytes:
        return await self._bus.request(f"hutch.device.{self._device_id}.{what}", data, within=within)


class ClusterPort:
    """A device wherever it is at the moment of each call: it may move from node to node."""

    def __init__(self, device_id: str, choose: Callable[[RemotePort], DevicePort], remote: RemotePort) -> None:
        self._device_id = device_id
        self._choose = choose
        self._remote = remote

    @property
    def device_id(self) -> str:
        """The gateway id."""
        return self._device_id

    async def call(self, command: AnyCommand, *, within: float = ANSWER_WITHIN) -> Answered:
        """Call."""
        return await self._choose(self._remote).call(command, within=within)

    def watch(self, session_id: str, viewer: ViewerName) -> AbstractAsyncContextManager[Watch]:
        """Watch."""
        return self._choose(self._remote).watch(session_id, viewer)

    async def open_stream(self) -> Stream:
        """Open a stream."""
        return await self._choose(self._remote).open_stream()
