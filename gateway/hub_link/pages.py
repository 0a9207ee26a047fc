"""Streams of the link: between the driver and the tunnel to the device's own pages, where there is one."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from gateway.hub_link.channel import Channel
from gateway.hub_link.notes import Notes
from gateway.hub_link.services import HubTunnel
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from protocol.streams.mux import StreamItem


class Pages:
    """The tunnel as one connection after the other uses it."""

    def __init__(self, tunnel: HubTunnel | None, notes: Notes) -> None:
        self._tunnel = tunnel
        self._notes = notes
        self._greeted = asyncio.Event()

    def connected(self, channel: Channel) -> None:
        """A connection is up. The hub may open streams from our hello on; nothing of them goes into the greeting."""
        self._greeted = asyncio.Event()
        if self._tunnel is not None:
            self._tunnel.connected(partial(_send, channel, self._greeted))

    def greeted(self) -> None:
        """The greeting is complete."""
        self._greeted.set()

    def received(self, item: StreamItem) -> None:
        """The hub sent a message or frame of a stream."""
        if self._tunnel is not None:
            self._tunnel.received(item)
            return
        message = "This device takes no streams. Look at the features of its hello."
        self._notes.write(Problem(ProblemCode.UNAVAILABLE, message))

    async def lost(self) -> None:
        """The connection is gone."""
        if self._tunnel is not None:
            await self._tunnel.lost()


async def _send(channel: Channel, greeted: asyncio.Event, item: StreamItem) -> None:
    await greeted.wait()
    await channel.stream(item)
