"""Where the parts of the hub meet: what each asks of the others, and the values they pass.

Parts that stand beside each other (enrolment, fleet, routing, nodes, tunnel) know only these Protocols. Every refusal
is a :class:`protocol.problems.Problem`; times are aware UTC unless a name says otherwise.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from protocol.commands import AnyCommand
from protocol.events import AnyEvent, GatewayHello, SessionSnapshot
from protocol.limits import ANSWER_WITHIN
from protocol.link.actions import Answered
from protocol.problems import Problem

if TYPE_CHECKING:
    from protocol.events import GatewayProof
    from protocol.notices import GatewayChallenge, GatewayUnclaimed, GatewayWelcome

_PROCESS = secrets.token_hex(4)
_COUNT = itertools.count(1)


def new_request_id() -> str:
    """An id for a command that no other command of any node has."""
    return f"{_PROCESS}-{next(_COUNT)}"


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device that may connect: what the link endpoint has to know of it."""

    id: str
    """The gateway id."""
    organisation_id: int
    group_id: int
    name: str


# A device, wherever its socket is


@dataclass(frozen=True, slots=True)
class ViewerName:
    """Who watches: the name others see while it holds control, and whether it may type at all."""

    name: str
    may_write: bool = True


@dataclass(frozen=True, slots=True)
class Output:
    """One frame of terminal output, at most 16 KiB, numbered by the device."""

    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over; nothing follows. ``exit_code`` where it is known."""

    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class ControlChanged:
    """Who types now: ``holder`` None when nobody does. ``yours`` and ``may_write`` are about this viewer."""

    holder: str | None
    yours: bool
    may_write: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Something went wrong that the viewer should know; the watch goes on, unless it ends right after."""

    problem: Problem


WatchItem = SessionSnapshot | Output | SessionEnded | ControlChanged | Refused
"""What a viewer sees. Every SessionSnapshot starts the screen anew; its ``seq``, where there is one, is the number of
the next Output. The first item is a SessionSnapshot."""


class Watch(Protocol):
    """One viewer of one session. Iterate it from one task; it ends after SessionEnded, or when it was dropped."""

    def __aiter__(self) -> AsyncIterator[WatchItem]:
        """The items, in order. A viewer that is slow misses frames and gets a fresh snapshot."""
        ...

    def at_once(self, write: Callable[[bytes], bool]) -> None:
        """Give output to ``write`` as it comes, while nothing waits before it; what that refuses (False) is iterated.

        It is given the frame of the wire as the device sent it: kind, session, number and payload.

        To do so is allowed, not promised: a watch may iterate everything.
        """
        ...

    async def type(self, data: bytes) -> None:
        """Type, at most 64 KiB less the frame's head in one call.

        Raises Problem: FORBIDDEN (may not write), NOT_IN_CONTROL, DEVICE_OFFLINE, TOO_LARGE, SESSION_ENDED.
        """
        ...

    async def resize(self, cols: int, rows: int) -> None:
        """Give the terminal another size in characters. Raises Problem as :meth:`type`, and TIMEOUT."""
        ...

    async def take_control(self) -> None:
        """Take the right to type from whoever has it. Raises Problem(FORBIDDEN)."""
        ...

    async def resume(self) -> None:
        """Show a session again that was cut off with RUNAWAY_OUTPUT. Raises Problem(FORBIDDEN)."""
        ...

    def ack(self, seq: int) -> None:
        """The viewer has shown every frame up to ``seq``. Never raises, never blocks."""
        ...


class Stream(Protocol):
    """A duplex stream of bytes to the device's own web server."""

    async def read(self) -> bytes:
        """The next bytes; b"" at the end. Raises Problem when the stream broke off."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes; waits while the device takes none. Raises Problem when the stream broke off."""
        ...

    async def end(self) -> None:
        """Nothing more will be written; reading goes on."""
        ...

    async def close(self) -> None:
        """Be done with it, both ways. Never raises."""
        ...


class DevicePort(Protocol):
    """One device, wherever in the hub its socket is."""

    @property
    def device_id(self) -> str:
        """The gateway id."""
        ...

    async def call(self, command: AnyCommand, *, within: float = ANSWER_WITHIN) -> Answered:
        """Send a command and wait for its answer, at most ``within`` seconds.

        A refusal by the device is Answered(ok=False). Raises Problem: DEVICE_OFFLINE (nothing was sent, or the socket
        went before the answer came: ``details.sent`` says which), TIMEOUT, TOO_MANY, CONFLICT, TOO_LARGE.
        """
        ...

    def watch(self, session_id: str, viewer: ViewerName) -> AbstractAsyncContextManager[Watch]:
        """Watch a session. Entering raises Problem: DEVICE_OFFLINE, TIMEOUT, TOO_MANY, or the device's refusal."""
        ...

    async def open_stream(self) -> Stream:
        """Open a stream to the device's web. Raises Problem: DEVICE_OFFLINE, TOO_MANY, FORBIDDEN."""
        ...


class Ports(Protocol):
    """All devices of the hub."""

    def of(self, device_id: str) -> DevicePort:
        """The port of a device, connected or not; whether it may be used was checked before."""
        ...

    def online(self, device_id: str) -> bool:
        """Whether this node knows the device to be connected somewhere, or to be within its 30 s of grace."""
        ...


# What the link endpoint tells the rest of the hub


class LinkEvents(Protocol):
    """Told by the link endpoint; never blocks and never raises (queues inside, bounded)."""

    def connected(self, device: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        """A device said hello. Told at every connect, also when it was away for less than the grace."""

    def disconnected(self, device_id: str, reason: str, at: datetime) -> None:
        """A device is offline: its socket is gone since ``at``, and 30 s of grace are over."""

    def heard(self, device_id: str, event: AnyEvent, at: datetime) -> None:
        """A device said something that answers no request: health, session.*, policy, results of updates.

        SessionEnded also comes from the endpoint itself, for a session that health does not name for 90 s.
        """

    def runaway(self, device_id: str, session_id: str, problem: Problem, at: datetime) -> None:
        """The output of a session was cut off; ``problem`` is RUNAWAY_OUTPUT with the measured rates."""


# Who may connect


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """A device whose signature is right and whose key belongs to nobody yet."""

    gateway_id: str
    public_key: bytes
    source: str
    """The address it calls from."""
    hostname: str | None = None
    version: str | None = None


class Gatekeeper(Protocol):
    """Who may connect. A Problem's ``details["close"]`` is the WebSocket close code where there is one to be sent."""

    async def bearer(self, gateway_id: str, token: str, source: str) -> DeviceRow | None:
        """The device of ``Authorization: Bearer``; None when the token fits no device.

        Raises Problem: RATE_LIMITED, FORBIDDEN (revoked).
        """
        ...

    def bootstraps(self, gateway_id: str, source: str) -> bool:
        """Whether a gateway whose bearer is not known is let in as far as its hello, for its ``bootstrap_token``."""
        ...

    async def greeted(self, gateway_id: str, token: str, hello: GatewayHello, source: str) -> DeviceRow | None:
        """Enrol a gateway by the ``bootstrap_token`` of its hello, with ``token`` as its bearer; None: refused."""
        ...

    def challenge(self) -> GatewayChallenge:
        """A challenge that was never given before."""
        ...

    async def prove(
        self, gateway_id: str, challenge: GatewayChallenge, proof: GatewayProof, source: str
    ) -> DeviceRow | Unclaimed:
        """Check a proof. Raises Problem with a close code: wrong, a clock that is off, revoked, too many."""
        ...

    def wait_claimed(self, unclaimed: Unclaimed) -> AsyncIterator[GatewayUnclaimed | DeviceRow]:
        """New codes as the old ones expire, and then the row; the endpoint closes the iterator when the socket goes.

        Raises Problem with a close code when the device has to go.
        """
        ...

    def welcome(self, device: DeviceRow) -> GatewayWelcome:
        """What a device with a key of its own is told when it is let in."""
        ...


class Cutter(Protocol):
    """Ends the live socket of a device: on revocation, on a duplicate key."""

    def cut(self, device_id: str, code: int, reason: str) -> bool:
        """Close the socket with this code (RFC 6455) and reason; False when there was none on this node."""
        ...
