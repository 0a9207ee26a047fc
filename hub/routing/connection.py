"""One connection of one device: drives the link's state machine and passes on what it says."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from hub.ports import DeviceRow
from hub.routing.berth import head_of
from hub.routing.socket import LinkSocket
from hub.routing.transfers import Outcome, Transfers
from hub.routing.wheel import Due
from protocol.codec import encode
from protocol.commands import AnyCommand, FileDownload
from protocol.events import (
    AnyEvent,
    GatewayHello,
    GatewayUpdated,
    GatewayUpdateFailed,
    SessionSnapshot,
    SessionStarted,
)
from protocol.frames import BinaryFrame, FrameKind
from protocol.limits import ANSWER_WITHIN
from protocol.link import (
    Abort,
    Answered,
    Close,
    DeliverEvent,
    DeliverPart,
    DeliverStream,
    HubAction,
    HubLink,
    HubState,
    Note,
    SendBinary,
    SendText,
    Unanswered,
)
from protocol.notices import AnyNotice
from protocol.problems import Problem, ProblemCode
from protocol.streams.messages import AnyStreamMessage

if TYPE_CHECKING:
    from hub.routing.berth import Berth
    from hub.routing.connections import Connections
    from hub.routing.terminals.room import Room

log = logging.getLogger(__name__)

MAX_BAD: Final = 200
"""Messages of one connection in 90 s that cannot be used, before it is closed."""
VOUCH_EVERY: Final = 10.0
"""Seconds after which a frame of terminal output is shown to the state machine, as a sign of life."""
_TOLD: Final = (SessionStarted, GatewayUpdated, GatewayUpdateFailed)
"""Answers to requests that also tell the rest of the hub something."""
_OUTPUT: Final = int(FrameKind.OUTPUT)
_NO_ROOMS: Final[dict[bytes, Room]] = {}


class StreamHandler(Protocol):
    """The multiplexer of one connection's streams."""

    def deliver(self, item: AnyStreamMessage | BinaryFrame) -> None:
        """A message or frame of a stream arrived."""
        ...

    def writable(self) -> None:
        """:attr:`Connection.congested` is over."""
        ...

    def lost(self) -> None:
        """The connection is gone, and every stream with it."""
        ...


class Connection(Due):
    """A socket whose device is known; it counts as connected once its hello is here."""

    __slots__ = (
        "_bad",
        "_registry",
        "_stats",
        "_then",
        "_transfers",
        "_vouch_at",
        "_wheel",
        "berth",
        "device",
        "hello",
        "link",
        "rooms",
        "socket",
        "source",
        "streams",
    )

    def __init__(self, registry: Connections, device: DeviceRow, socket: LinkSocket, source: str) -> None:
        super().__init__()
        self.berth: Berth | None = None
        """Where the device's connection docks, once its hello is here."""
        self.device = device
        self.socket = socket
        self.source = source
        self.hello: GatewayHello | None = None
        self.streams: StreamHandler | None = None
        """Set by whoever opens streams; gets what the device says about them."""
        self.link = HubLink(device.id, registry.wheel.now(), silent_after=registry.limits.silent_after)
        self.rooms: dict[bytes, Room] = _NO_ROOMS
        self._registry = registry
        self._stats = registry.stats
        self._wheel = registry.wheel
        self._then: dict[str, Callable[[Outcome], None]] = {}
        self._transfers: Transfers | None = None
        self._bad = 0
        self._vouch_at = 0.0
        self._reschedule()

    @property
    def live(self) -> bool:
        """Whether the device said hello and is still there."""
        return self.link.state is HubState.OPEN

    @property
    def congested(self) -> bool:
        """Whether the device reads more slowly than it is written to."""
        return self.socket.congested

    # To the device

    def request(self, command: AnyCommand, then: Callable[[Outcome], None], within: float = ANSWER_WITHIN) -> None:
        """Send a command; ``then`` is called exactly once. Raises Problem(CONFLICT) for an id that is in use."""
        if isinstance(command, FileDownload) and command.request_id not in self._then:
            if self._transfers is None:
                self._transfers = Transfers()
            then = self._transfers.expect(command, then)
        now = self._wheel.now()
        actions = self.link.request(command, now, within=within)
        self._then[command.request_id] = then
        self._wheel.schedule(self, now + within)
        self._carry_out(actions)

    def type(self, session_id: str, seq: int, payload: bytes) -> None:
        """Type into a session."""
        self._carry_out(self.link.input(session_id, seq, payload))

    def send_stream(self, item: AnyStreamMessage | BinaryFrame) -> None:
        """Send a message or frame of a stream. Raises Problem as its encode does."""
        self._carry_out(self.link.send_stream(item))

    def say(self, notice: AnyNotice) -> None:
        """Tell the device something that it does not answer."""
        self.socket.send_text(encode(notice))

    def close(self, code: int, reason: str) -> None:
        """End the connection."""
        self.socket.close(code, reason)

    # What the socket brings

    def text(self, data: bytes) -> None:
        """A text message."""
        self._carry_out(self.link.received_text(data, self.socket.heard_at))

    def binary(self, data: bytes) -> None:
        """A binary message: output goes straight to the session's viewers, and nowhere when there are none."""
        if len(data) < 2 or data[0] != _OUTPUT or self.hello is None:
            self._carry_out(self.link.received_binary(data, self.socket.heard_at))
            return
        end = 2 + data[1]
        room = self.rooms.get(data[:end])
        if room is None:
            self._stats.unwatched_frames += 1
        else:
            room.output(data, end)
        if self.socket.heard_at >= self._vouch_at:
            self._vouch_at = self.socket.heard_at + VOUCH_EVERY
            self._vouch(data)

    def writable(self) -> None:
        """The device reads again."""
        if self.streams is not None:
            self.streams.writable()

    def lost(self, code: int, reason: str) -> None:
        """The socket is gone."""
        self._carry_out(self.link.lost(self._wheel.now()))
        if self.streams is not None:
            self.streams.lost()
        if self.berth is not None:
            self.berth.left(self, code, reason)

    def due(self, now: float) -> None:
        """The link's deadline may have come."""
        self._bad = 0
        self.link.alive(self.socket.heard_at)
        self._carry_out(self.link.tick(now))
        self._reschedule()

    # Inside

    def _reschedule(self) -> None:
        deadline = self.link.deadline
        if deadline is not None:
            self._wheel.schedule(self, deadline)

    def _vouch(self, data: bytes) -> None:
        """Let the state machine see that the device lives. Order and gaps are the room's business."""
        for action in self.link.received_binary(data, self.socket.heard_at):
            if isinstance(action, Note):
                self._note(action.problem)

    def _carry_out(self, actions: list[HubAction]) -> None:
        for action in actions:
            match action:
                case SendText(text=text):
                    self.socket.send_text(text)
                case Answered():
                    self._answered(action)
                case DeliverEvent(event=event):
                    self._event(event)
                case DeliverPart(screen=screen):
                    self._screen(screen)
                case SendBinary(data=data):
                    self.socket.send_binary(data)
                case DeliverStream(item=item):
                    self._stream(item)
                case Unanswered(command=command):
                    self._settle(command.request_id, action)
                case Note(problem=problem):
                    self._note(problem)
                case Close(code=code, reason=reason):
                    self.socket.close(code, reason)
                case Abort():
                    self.socket.abort("the device did not answer the close")
                case _:
                    pass  # output and gaps are dealt with before they come here

    def _answered(self, answered: Answered) -> None:
        for event in answered.events:
            if isinstance(event, _TOLD):
                self._tell(event)
        self._settle(answered.command.request_id, answered)

    def _settle(self, request_id: str, outcome: Outcome) -> None:
        then = self._then.pop(request_id, None)
        if then is not None:
            then(outcome)

    def _event(self, event: AnyEvent) -> None:
        if isinstance(event, GatewayHello) and self.hello is None:
            self.hello = event
            self._registry.greeted(self, event)
        elif self._transfers is None or not self._transfers.take(event):
            self._tell(event)

    def _screen(self, screen: SessionSnapshot) -> None:
        room = self.rooms.get(head_of(screen.session_id))
        if room is not None:
            room.passes(screen)

    def _tell(self, event: AnyEvent) -> None:
        if self.berth is not None:
            self.berth.heard(self, event)

    def _stream(self, item: AnyStreamMessage | BinaryFrame) -> None:
        if self.streams is not None:
            self.streams.deliver(item)

    def _note(self, problem: Problem) -> None:
        self._bad += 1
        self._stats.bad_messages += 1
        log.debug("device %s: %s", self.device.id, problem.message)
        if self._bad > MAX_BAD:
            self.socket.close(1008, "too many messages that cannot be used")


def offline(*, sent: bool = False) -> Problem:
    """What is said about a device that is not connected; ``sent``: the command may have reached it."""
    message = (
        "The device lost its connection before it answered. See whether it did what was asked, then try again."
        if sent
        else "The device is not connected. Try again when it is back."
    )
    return Problem(ProblemCode.DEVICE_OFFLINE, message, {"sent": sent})
