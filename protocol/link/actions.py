"""What a link asks its driver to do. The driver carries the actions out in the order in which they come."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.commands import AnyCommand
from protocol.events import AnyEvent, GatewayProof, SessionSnapshot
from protocol.frames import BinaryFrame
from protocol.notices import AnyNotice, GatewayChallenge
from protocol.problems import Problem
from protocol.streams.messages import AnyStreamMessage


@dataclass(frozen=True, slots=True)
class SendText:
    """Send a text frame."""

    text: str


@dataclass(frozen=True, slots=True)
class SendBinary:
    """Send a binary frame."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SendPing:
    """Send a WebSocket ping with this payload; call ``pong(payload, now)`` when its pong arrives."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket with this code (RFC 6455) and reason (at most 123 bytes); call ``lost`` once it is gone."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Abort:
    """Cut the socket, or the attempt to connect, without waiting. It is gone already: report nothing more of it."""


@dataclass(frozen=True, slots=True)
class Note:
    """Write the problem to the log; nothing else is to be done about it."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect to the hub; then call ``connected``, or ``lost`` when that fails."""


@dataclass(frozen=True, slots=True)
class Greet:
    """Collect health and one snapshot per live session, then call ``greet`` with them."""


@dataclass(frozen=True, slots=True)
class SampleHealth:
    """Measure the device's health and pass it to ``send``."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Carry a command out, then call ``succeed`` or ``refuse`` with this very object, exactly once."""

    command: AnyCommand
    connection: int
    """Which connection asked: an answer that comes after a reconnect goes nowhere."""


@dataclass(frozen=True, slots=True)
class DeliverInput:
    """Type the payload into the frame's session."""

    frame: BinaryFrame


@dataclass(frozen=True, slots=True)
class DeliverNotice:
    """The hub says who the device is to it."""

    notice: AnyNotice


@dataclass(frozen=True, slots=True)
class Prove:
    """Sign the challenge's nonce with the device's key, then call ``prove`` with this very object and the proof."""

    challenge: GatewayChallenge
    connection: int


@dataclass(frozen=True, slots=True)
class CheckProof:
    """Look at a device's proof, then call ``welcome``, ``unclaimed`` or ``refuse``."""

    proof: GatewayProof


@dataclass(frozen=True, slots=True)
class DeliverStream:
    """A message or a frame of a stream, for the multiplexer (:mod:`protocol.streams`)."""

    item: AnyStreamMessage | BinaryFrame


DeviceAction = (
    SendText
    | SendBinary
    | SendPing
    | Close
    | Abort
    | Note
    | Dial
    | Greet
    | SampleHealth
    | Deliver
    | DeliverInput
    | DeliverNotice
    | Prove
    | DeliverStream
)
"""What a :class:`protocol.link.DeviceLink` may ask."""


@dataclass(frozen=True, slots=True)
class DeliverEvent:
    """An event that answers no pending request."""

    event: AnyEvent


@dataclass(frozen=True, slots=True)
class DeliverPart:
    """A screen that was asked for and whose answer is not complete: its place is between the frames around it."""

    screen: SessionSnapshot


@dataclass(frozen=True, slots=True)
class DeliverOutput:
    """Terminal output to pass to the viewers."""

    frame: BinaryFrame


@dataclass(frozen=True, slots=True)
class Gap:
    """Output of a session was dropped on the way: its viewers need a snapshot."""

    session_id: str
    expected: int
    got: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A request is answered. ``events`` are those that named it, the final one last; ``error`` unless ``ok``."""

    command: AnyCommand
    ok: bool
    error: str | None
    events: tuple[AnyEvent, ...]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request will not be answered: it could not be sent, its time is over, or the device is gone."""

    command: AnyCommand
    problem: Problem


HubAction = (
    SendText
    | SendBinary
    | Close
    | Abort
    | Note
    | CheckProof
    | DeliverEvent
    | DeliverPart
    | DeliverOutput
    | DeliverStream
    | Gap
    | Answered
    | Unanswered
)
"""What a :class:`protocol.link.HubLink` may ask."""
