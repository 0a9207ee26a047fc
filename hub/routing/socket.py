"""One device's socket: frames in, frames out, and the bounds on both. No task and no timer of its own."""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
from typing import Final, Protocol

from foundation.websocket import Opcode, head
from hub.routing.budget import Budget
from hub.routing.limits import RoutingLimits
from hub.routing.stats import RoutingStats
from hub.routing.websocket import Broken, Inbox, close_payload
from hub.routing.wheel import Due, Wheel
from protocol.close_codes import CloseCode
from protocol.limits import KIB

log = logging.getLogger(__name__)

CLOSE_WITHIN: Final = 5.0
"""Seconds for the device's answer to our close frame."""
_HIGH_WATER: Final = 256 * KIB
_ABNORMAL: Final = 1006


class Receiver(Protocol):
    """Who gets what a socket brings."""

    def text(self, data: bytes) -> None:
        """A text message."""
        ...

    def binary(self, data: bytes) -> None:
        """A binary message."""
        ...

    def writable(self) -> None:
        """The device reads again."""
        ...

    def lost(self, code: int, reason: str) -> None:
        """The socket is gone, or will be in a moment. Called once; nothing comes after it."""
        ...


class LinkSocket(Due, asyncio.Protocol):
    """Speaks RFC 6455 on a transport that was upgraded; set :attr:`receiver` before the loop runs again."""

    __slots__ = (
        "_budget",
        "_close_by",
        "_gone",
        "_inbox",
        "_limits",
        "_resume_at",
        "_stalled_at",
        "_stats",
        "_transport",
        "_wheel",
        "heard_at",
        "receiver",
    )

    def __init__(self, transport: asyncio.Transport, limits: RoutingLimits, stats: RoutingStats, wheel: Wheel) -> None:
        super().__init__()
        self.receiver: Receiver | None = None
        self.heard_at = wheel.now()
        """When something arrived last."""
        self._transport = transport
        self._limits = limits
        self._stats = stats
        self._wheel = wheel
        self._inbox = Inbox()
        self._budget = Budget(limits.device, self.heard_at)
        self._close_by: float | None = None
        self._gone: asyncio.Future[None] | None = None
        self._stalled_at: float | None = None
        self._resume_at: float | None = None
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        _no_delay(transport)

    @property
    def open(self) -> bool:
        """Whether anything can be sent."""
        return self._close_by is None and not self._transport.is_closing()

    @property
    def congested(self) -> bool:
        """Whether the device reads more slowly than it is written to."""
        return self._stalled_at is not None

    def gone(self) -> asyncio.Future[None]:
        """Done when the transport is gone; ask before it is."""
        if self._gone is None:
            self._gone = asyncio.get_running_loop().create_future()
        return self._gone

    def send_text(self, text: str) -> None:
        """Send a text message; it is lost when the socket is."""
        self._send(Opcode.TEXT, text.encode())

    def send_binary(self, data: bytes) -> None:
        """Send a binary message; it is lost when the socket is."""
        self._send(Opcode.BINARY, data)

    def close(self, code: int, reason: str) -> None:
        """Say good-bye, and cut if the device does not answer. What it still sends is thrown away."""
        if not self.open:
            return
        self._send(Opcode.CLOSE, close_payload(code, reason))
        self._close_by = self._wheel.now() + CLOSE_WITHIN
        self._wheel.schedule(self, self._close_by)
        if self._resume_at is not None:
            self._resume()
        self._lose(code, reason)

    def abort(self, reason: str) -> None:
        """Cut at once."""
        self._transport.abort()
        self._lose(_ABNORMAL, reason)

    # What the loop calls

    def data_received(self, data: bytes) -> None:
        """The hot path: cut into messages and hand them on."""
        now = self.heard_at = self._wheel.now()
        try:
            messages = self._inbox.feed(data)
        except Broken as broken:
            self._stats.bad_messages += 1
            self._inbox = Inbox()
            self.close(broken.code, broken.reason)
            if self._close_by is not None:
                self._transport.close()  # where frames begin and end is not known any more
            return
        if self._budget.spend(len(data), len(messages) or 1):
            self._slow_down(now)
        for opcode, payload in messages:
            receiver = self.receiver
            if receiver is None:
                self._control(opcode, payload)
            elif opcode == Opcode.BINARY:
                receiver.binary(payload)
            elif opcode == Opcode.TEXT:
                receiver.text(payload)
            else:
                self._control(opcode, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)
        self._lose(_ABNORMAL, "the connection broke off" if exc is None else f"the connection broke off: {exc}")

    def pause_writing(self) -> None:
        """The device takes nothing."""
        self._stalled_at = self._wheel.now()
        self._wheel.schedule(self, self._stalled_at + self._limits.unread_seconds)

    def resume_writing(self) -> None:
        """The device reads again."""
        self._stalled_at = None
        if self.receiver is not None:
            self.receiver.writable()

    def due(self, now: float) -> None:
        """A deadline of this socket may have come."""
        if self._transport.is_closing():
            self._transport.abort()
            return
        if self._close_by is not None and now >= self._close_by:
            self._transport.abort()
        elif self._stalled_at is not None and now >= self._stalled_at + self._limits.unread_seconds:
            self._stats.cut_slow += 1
            self.abort("the device did not read what was sent to it")
        elif self._resume_at is not None and now >= self._resume_at:
            self._resume()
        self._reschedule()

    def _reschedule(self) -> None:
        stalled = None if self._stalled_at is None else self._stalled_at + self._limits.unread_seconds
        times = [at for at in (self._close_by, stalled, self._resume_at) if at is not None]
        if times and not self._transport.is_closing():
            self._wheel.schedule(self, min(times))

    # Inside

    def _send(self, opcode: int, payload: bytes) -> None:
        if self._close_by is not None or self._transport.is_closing():
            return
        if self._stalled_at is not None and self._transport.get_write_buffer_size() > self._limits.unsent_bytes:
            self._stats.cut_slow += 1
            self.abort("the device did not read what was sent to it")
            return
        self._transport.write(head(opcode, len(payload)) + payload)

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == Opcode.PING:
            self._send(Opcode.PONG, payload)
        elif opcode == Opcode.CLOSE:
            code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
            if self._close_by is None:
                self._send(Opcode.CLOSE, payload[:2])
            self._transport.close()
            self._wheel.schedule(self, self.heard_at + CLOSE_WITHIN)
            self._lose(code, "the device closed the connection")

    def _slow_down(self, now: float) -> None:
        wait = self._budget.wait(now)
        if not wait or not self.open:
            return
        if self._budget.exhausted(now):
            self._stats.cut_flooding += 1
            rate = self._limits.device
            limit = f"{rate.messages_per_second} messages or {rate.bytes_per_second >> 20} MiB a second"
            self.close(CloseCode.TOO_MANY, f"the device sends more than {limit}")
            return
        self._stats.throttled += 1
        self._resume_at = now + wait
        self._transport.pause_reading()
        self._wheel.schedule(self, self._resume_at)

    def _resume(self) -> None:
        self._resume_at = None
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _lose(self, code: int, reason: str) -> None:
        receiver, self.receiver = self.receiver, None
        if receiver is not None:
            receiver.lost(code, reason)


def _no_delay(transport: asyncio.Transport) -> None:
    raw = transport.get_extra_info("socket")
    if raw is not None and raw.family in (sockets.AF_INET, sockets.AF_INET6):
        raw.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
