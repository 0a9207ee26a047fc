"""All relayed streams of this node, and who of the other nodes is alive."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final

from hub.nodes.bus import Bus, Message, Subscription
from hub.nodes.refusals import away, gone, nobody
from hub.nodes.relay.channel import Channel
from hub.nodes.relay.pieces import Kind, Piece
from hub.nodes.signals import Signals
from protocol.problems import Problem

BEAT_EVERY: Final = 2.0
SILENT_AFTER: Final = 10.0
"""Seconds without a beat after which a node counts as gone for its relays."""
Asked = Callable[[bytes], Awaitable[bytes]]
_ALIVE: Final = "alive"
_GIVEN_UP: Final = "given-up"


class Relays:
    """Makes channels and hands them what arrives. ``clock`` gives monotonic seconds."""

    def __init__(
        self, bus: Bus, signals: Signals, *, clock: Callable[[], float] = time.monotonic, beat: float = BEAT_EVERY
    ) -> None:
        self.node_id = signals.node_id
        self._bus = bus
        self._signals = signals
        self._clock = clock
        self._beat = beat
        self._channels: dict[str, Channel] = {}
        self._asked: dict[str, Asked] = {}
        self._heard: dict[str, float] = {}
        self._subscription: Subscription | None = None
        self._beating: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._channels)

    async def start(self) -> None:
        """Listen."""
        self._bus.on_change(self._changed)
        self._signals.on(_ALIVE, self._alive)
        self._signals.on(_GIVEN_UP, self._given_up)
        self._subscription = await self._bus.subscribe(f"hutch.relay.{self.node_id}.*", self._message)
        self._beating = asyncio.create_task(self._keep_beating())

    async def close(self) -> None:
        """Close every channel."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        for channel in list(self._channels.values()):
            await channel.close(gone())
        if self._subscription is not None:
            await self._subscription.close()

    def make(self, window: int) -> Channel:
        """A new channel, whose id the other side is to be told."""
        return self.join(secrets.token_hex(16), "", window)

    def join(self, channel_id: str, peer: str, window: int) -> Channel:
        """The channel that another node made."""
        channel = Channel(channel_id, window, self._send, self._forget)
        channel.peer = peer
        self._channels[channel_id] = channel
        self._heard.setdefault(peer, self._clock())
        return channel

    def give_up(self, channel: Channel) -> None:
        """Be done with a channel whose other end may exist on a node that is not known yet: all are told."""
        channel.broke(None)
        self._signals.tell(_GIVEN_UP, channel.id.encode())

    def answer(self, channel: Channel, asked: Asked) -> None:
        """Answer what the other side asks about this channel, one question after the other."""
        turn = asyncio.Lock()

        async def in_turn(data: bytes) -> bytes:
            async with turn:
                return await asked(data)

        if self._channels.get(channel.id) is channel:
            self._asked[channel.id] = in_turn

    async def ask(self, channel: Channel, data: bytes, *, within: float) -> bytes:
        """Ask the other side about this channel. Raises Problem as :meth:`hub.nodes.bus.Bus.request`."""
        if not channel.peer or channel.id not in self._channels:
            raise gone()
        return await self._bus.request(f"hutch.relay.{channel.peer}.{channel.id}", data, within=within)

    async def _send(self, channel: Channel, kind: Kind, number: int, rest: bytes) -> None:
        if channel.peer:
            piece = Piece(kind, number, self.node_id, rest)
            await self._bus.publish(f"hutch.relay.{channel.peer}.{channel.id}", piece.encode())

    async def _message(self, message: Message) -> bytes | None:
        channel_id = message.subject.rpartition(".")[2]
        if message.asks:
            asked = self._asked.get(channel_id)
            if asked is None:
                raise nobody()
            return await asked(message.data)
        try:
            piece = Piece.decode(message.data)
            channel = self._channels.get(channel_id)
            if channel is not None:
                await channel.received(piece)
            elif piece.kind is not Kind.CLOSE:
                await self._refuse(channel_id, piece.sender)
        except ValueError:
            raise gone() from None
        return None

    async def _refuse(self, channel_id: str, peer: str) -> None:
        """Tell a node that writes to a channel that is no more."""
        close = Piece(Kind.CLOSE, 0, self.node_id, b"")
        await self._bus.publish(f"hutch.relay.{peer}.{channel_id}", close.encode())

    def _forget(self, channel: Channel) -> None:
        self._channels.pop(channel.id, None)
        self._asked.pop(channel.id, None)

    def _changed(self, up: bool) -> None:
        # Pieces were lost, or will be.
        if not up:
            self._break(away(sent=True), None)

    def _alive(self, sender: str, _body: bytes) -> None:
        self._heard[sender] = self._clock()

    def _given_up(self, sender: str, body: bytes) -> None:
        channel = self._channels.get(body.decode("ascii", "replace"))
        if channel is not None and channel.peer == sender:
            channel.broke(gone())

    async def _keep_beating(self) -> None:
        while True:
            self._signals.tell(_ALIVE, b"")
            now = self._clock()
            silent = {node for node, heard in self._heard.items() if now - heard > SILENT_AFTER}
            if silent:
                self._break(gone(), silent)
                self._heard = {node: heard for node, heard in self._heard.items() if node not in silent}
            await asyncio.sleep(self._beat)

    def _break(self, problem: Problem, peers: set[str] | None) -> None:
        for channel in list(self._channels.values()):
            if peers is None or channel.peer in peers:
                channel.broke(problem)
