"""The device's end of the link, without a socket and without a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from protocol.codec import encode, parse_from_hub
from protocol.commands import AnyCommand
from protocol.events import AnyEvent, GatewayHealth, GatewayHello, SessionSnapshot
from protocol.frames import BinaryFrame, FrameKind
from protocol.limits import HEALTH_EVERY, MAX_SOCKET_BYTES, STABLE_AFTER
from protocol.link.actions import (
    Abort,
    Close,
    Deliver,
    DeliverInput,
    DeliverNotice,
    DeliverStream,
    DeviceAction,
    Dial,
    Greet,
    Note,
    SampleHealth,
    SendBinary,
    SendPing,
    SendText,
)
from protocol.link.answers import Ledger, request_id_of
from protocol.link.backoff import Backoff
from protocol.link.keepalive import Keepalive
from protocol.link.replies import refusal, refusal_of_unread, repeated, success, too_many
from protocol.link.states import DEVICE_LASTS, DEVICE_TRANSITIONS, DeviceState, Happening
from protocol.notices import NOTICES
from protocol.problems import Problem, ProblemCode
from protocol.streams.messages import STREAM_MESSAGES, AnyStreamMessage

MAX_HELD: Final = 1024
"""Messages kept while the greeting is not complete."""
_CONNECTED: Final = (DeviceState.GREETING, DeviceState.LIVE)
Actions = list[DeviceAction]


class DeviceLink:
    """The device's end: takes what happens, gives the actions that follow (:mod:`protocol.link.actions`).

    ``now`` is a monotonic time in seconds everywhere; one that runs backwards counts as standing still. Call
    :meth:`tick` when :attr:`deadline` has come; early or late calls do no harm. Input that does not fit the state (a
    message from a socket that is closing) is ignored. No method raises for anything the hub sent; ValueError means that
    the driver itself is wrong.

    ``random`` gives numbers from 0 (included) to 1 (excluded), for the jitter.
    """

    def __init__(self, hello: GatewayHello, *, random: Callable[[], float]) -> None:
        self._hello = encode(hello)
        self._backoff = Backoff(random)
        self._state = DeviceState.IDLE
        self._now = float("-inf")
        self._due: float | None = None
        self._connection = 0
        self._connected_at = 0.0
        self._keepalive = Keepalive(0.0)
        self._health_due = 0.0
        self._ledger = Ledger()
        self._held: list[str] = []

    @property
    def state(self) -> DeviceState:
        """Where the link stands."""
        return self._state

    @property
    def deadline(self) -> float | None:
        """When :meth:`tick` has something to do; None while only the driver or the hub can move the link."""
        times = [] if self._due is None else [self._due]
        if self._state in _CONNECTED:
            times.append(self._keepalive.deadline)
        if self._state is DeviceState.LIVE:
            times.append(self._health_due)
        return min(times, default=None)

    @property
    def waiting(self) -> frozenset[str]:
        """Request ids of this connection that have no final answer yet."""
        return self._ledger.waiting

    def current(self, delivered: Deliver) -> bool:
        """Whether the connection that asked is still there; if not, a long answer need not be completed."""
        return delivered.connection == self._connection and self._state in _CONNECTED

    # The socket

    def start(self, now: float) -> Actions:
        """Begin to connect."""
        return [Dial()] if self._move(Happening.START, now) else []

    def connected(self, now: float) -> Actions:
        """The WebSocket is open: hello goes out, and the driver is asked for the rest of the greeting."""
        if not self._move(Happening.CONNECTED, now):
            return []
        self._connection += 1
        self._connected_at = self._now
        self._keepalive = Keepalive(self._now)
        return [SendText(self._hello), Greet()]

    def greet(self, health: GatewayHealth, snapshots: Iterable[SessionSnapshot], now: float) -> Actions:
        """Complete the greeting; what was held back meanwhile follows, and live output may begin.

        ``snapshots``: one per live session, without request_id. Ignored when the connection was lost meanwhile.
        """
        screens = list(snapshots)
        if any(screen.request_id is not None for screen in screens):
            raise ValueError("a snapshot of the greeting answers no request")
        if not self._move(Happening.GREETED, now):
            return []
        self._health_due = self._now + HEALTH_EVERY
        actions = self._write(health)
        for screen in screens:
            actions += self._write(screen)
        held, self._held = self._held, []
        return actions + [SendText(text) for text in held]

    def lost(self, now: float, *, refused: bool = False) -> Actions:
        """The socket is gone, or could not be opened; ``refused`` when the hub answered that it will not have us.

        The next attempt comes with :attr:`deadline`. Commands that were not answered are forgotten: the hub has given
        them up as well.
        """
        before = self._state
        if self._move(Happening.LOST, now):
            self._forget(before, refused)
        return []

    def stop(self, now: float) -> Actions:
        """End for good. Complete once :attr:`state` is STOPPED."""
        before = self._state
        if not self._move(Happening.STOP, now) or before in (DeviceState.IDLE, DeviceState.WAITING):
            return []
        if before is DeviceState.DIALLING:
            return [Abort()]
        return [Close(1001, "the gateway stops")] if before in _CONNECTED else []

    def pong(self, payload: bytes, now: float) -> Actions:
        """A pong arrived."""
        self._advance(now)
        self._keepalive.pong(payload)
        return []

    def tick(self, now: float) -> Actions:
        """Do what is due."""
        self._advance(now)
        if self._due is not None and self._now >= self._due:
            return self._overdue()
        if self._state not in _CONNECTED:
            return []
        payload = self._keepalive.tick(self._now)
        if self._keepalive.dead:
            return self._close(1001, "two pings were not answered")
        actions: Actions = [] if payload is None else [SendPing(payload)]
        if self._state is DeviceState.LIVE and self._now >= self._health_due:
            self._health_due = self._now + HEALTH_EVERY
            actions.append(SampleHealth())
        return actions

    # From the hub

    def received_text(self, text: str | bytes, now: float) -> Actions:
        """A text frame arrived: a command to deliver, or a refusal where a request_id could be found."""
        self._advance(now)
        if self._state not in _CONNECTED:
            return []
        if len(text) > MAX_SOCKET_BYTES:
            return self._close(1009, "a message over 2 MiB")
        try:
            message = parse_from_hub(text)
        except Problem as problem:
            return self._refuse_unread(problem)
        if isinstance(message, NOTICES):
            return [DeliverNotice(message)]
        if isinstance(message, STREAM_MESSAGES):
            return [DeliverStream(message)]
        return self._command(message)

    def received_binary(self, data: bytes, now: float) -> Actions:
        """A binary frame arrived: terminal input."""
        self._advance(now)
        if self._state not in _CONNECTED:
            return []
        if len(data) > MAX_SOCKET_BYTES:
            return self._close(1009, "a message over 2 MiB")
        try:
            frame = BinaryFrame.decode(data, max_bytes=MAX_SOCKET_BYTES)
        except Problem as problem:
            return [Note(problem)]
        if frame.kind is FrameKind.STREAM:
            return [DeliverStream(frame)]
        if frame.kind is not FrameKind.INPUT:
            return [Note(Problem(ProblemCode.MALFORMED_FRAME, "The hub sent terminal output. Send input (0x02) only."))]
        return [DeliverInput(frame)]

    # From the device

    def send(self, event: AnyEvent, now: float) -> Actions:
        """Tell the hub something it did not ask for. Held back until the greeting is complete; dropped offline."""
        if request_id_of(event) is not None:
            raise ValueError(f"{event.type} answers a request: use succeed or refuse")
        self._advance(now)
        return self._write(event)

    def output(self, session_id: str, seq: int, payload: bytes, now: float) -> Actions:
        """Send terminal output, at most 16 KiB. Dropped unless LIVE: the greeting's snapshot stands for it.

        Raises Problem as :meth:`BinaryFrame.encode` does.
        """
        self._advance(now)
        if self._state is not DeviceState.LIVE:
            return []
        return [SendBinary(BinaryFrame(FrameKind.OUTPUT, session_id, seq, payload).encode())]

    def send_stream(self, item: AnyStreamMessage | BinaryFrame, now: float) -> Actions:
        """Send a message or frame of a stream. Dropped unless LIVE. Raises Problem as encode does."""
        self._advance(now)
        if self._state is not DeviceState.LIVE:
            return []
        return [SendBinary(item.encode()) if isinstance(item, BinaryFrame) else SendText(encode(item))]

    def succeed(self, delivered: Deliver, *events: AnyEvent, now: float) -> Actions:
        """Answer a command that was carried out: with ``events``, and an ack where the wire wants one.

        The events of :data:`protocol.link.ANSWERS` belong here, in their order; those that do not name the request
        (session.ended, file.content.*) may go through :meth:`send` before instead. ValueError for events of another
        command.
        """
        self._advance(now)
        try:
            texts = success(delivered.command, events)
        except Problem as problem:
            return [*self.refuse(delivered, problem, now=now), Note(problem)]
        return self._settle(delivered, texts)

    def refuse(self, delivered: Deliver, problem: Problem, *, now: float) -> Actions:
        """Answer a command that was not carried out, with the problem's sentence."""
        self._advance(now)
        return self._settle(delivered, [refusal(delivered.command, problem)])

    # Inside

    def _advance(self, now: float) -> None:
        self._now = max(now, self._now)

    def _move(self, happening: Happening, now: float) -> bool:
        self._advance(now)
        state = DEVICE_TRANSITIONS[self._state].get(happening)
        if state is None:
            return False
        self._state = state
        lasts = DEVICE_LASTS.get(state)
        self._due = None if lasts is None else self._now + lasts
        return True

    def _overdue(self) -> Actions:
        before = self._state
        self._move(Happening.OVERDUE, self._now)
        if before is DeviceState.WAITING:
            return [Dial()]
        if before is DeviceState.GREETING:
            return [Close(1011, "the greeting took too long")]
        self._forget(before, refused=False)
        return [Abort()]

    def _forget(self, before: DeviceState, refused: bool) -> None:
        """Leave the connection behind, and choose when to try again."""
        self._ledger, self._held = Ledger(), []
        if before is not DeviceState.DIALLING and self._now - self._connected_at >= STABLE_AFTER:
            self._backoff.reset()
        if refused:
            self._backoff.longest()
        if self._state is DeviceState.WAITING:
            self._due = self._now + self._backoff.next()

    def _close(self, code: int, reason: str) -> Actions:
        return [Close(code, reason)] if self._move(Happening.FAULT, self._now) else []

    def _refuse_unread(self, problem: Problem) -> Actions:
        request_id = problem.details.get("request_id")
        if not isinstance(request_id, str) or self._ledger.knows(request_id):
            return [Note(problem)]
        self._ledger.remember(request_id)
        return [Note(problem), *self._pass(refusal_of_unread(request_id, problem))]

    def _command(self, command: AnyCommand) -> Actions:
        request_id = command.request_id
        if self._ledger.knows(request_id):
            return [Note(repeated(request_id))]
        if self._ledger.full:
            return self._refuse_unread(too_many(request_id))
        self._ledger.open(request_id)
        return [Deliver(command, self._connection)]

    def _settle(self, delivered: Deliver, texts: list[str]) -> Actions:
        if not self.current(delivered):
            return []
        if not self._ledger.settle(delivered.command.request_id):
            return [Note(repeated(delivered.command.request_id))]
        actions: Actions = []
        for text in texts:
            actions += self._pass(text)
        return actions

    def _write(self, event: AnyEvent) -> Actions:
        if self._state not in _CONNECTED:
            return []
        try:
            return self._pass(encode(event))
        except Problem as problem:
            return [Note(problem)]

    def _pass(self, text: str) -> Actions:
        if self._state is DeviceState.LIVE:
            return [SendText(text)]
        if self._state is not DeviceState.GREETING:
            return []
        if len(self._held) >= MAX_HELD:
            return self._close(1011, "too much happened before the greeting was complete")
        self._held.append(text)
        return []
