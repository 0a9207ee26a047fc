"""The hub's end of one device's connection, without a socket and without a clock."""

from __future__ import annotations

from protocol.codec import encode, parse_from_device
from protocol.commands import AnyCommand
from protocol.events import Ack, AnyEvent, GatewayHello, SessionEnded, SessionSnapshot, SessionStarted
from protocol.frames import BinaryFrame, FrameKind
from protocol.limits import ANSWER_WITHIN, MAX_SOCKET_BYTES
from protocol.link.actions import (
    Abort,
    Close,
    DeliverEvent,
    DeliverOutput,
    DeliverStream,
    Gap,
    HubAction,
    Note,
    SendBinary,
    SendText,
    Unanswered,
)
from protocol.link.answers import MAX_OUTSTANDING, request_id_of
from protocol.link.requests import Requests
from protocol.link.sequence import Sequences, Step
from protocol.link.states import HUB_LASTS, HUB_TRANSITIONS, Happening, HubState
from protocol.problems import Problem, ProblemCode
from protocol.streams.messages import STREAM_MESSAGES, AnyStreamMessage

Actions = list[HubAction]


class HubLink:
    """The hub's end of one connection: made when the socket opens, thrown away when it is gone.

    ``gateway_id`` is what the device called itself in ``X-Gateway-Id``; a hello of another name ends the connection.
    ``now`` is a monotonic time in seconds everywhere; one that runs backwards counts as standing still. No method
    raises for anything the device sent. Every request ends in exactly one Answered or Unanswered.
    """

    def __init__(self, gateway_id: str, now: float) -> None:
        self._gateway_id = gateway_id
        self._state = HubState.EXPECTING
        self._now = now
        self._due: float | None = now + HUB_LASTS[HubState.EXPECTING]
        self._requests = Requests()
        self._sequences = Sequences()

    @property
    def state(self) -> HubState:
        """Where the connection stands."""
        return self._state

    @property
    def deadline(self) -> float | None:
        """When :meth:`tick` has something to do; None once the connection is closed."""
        return min((at for at in (self._due, self._requests.deadline) if at is not None), default=None)

    # To the device

    def request(self, command: AnyCommand, now: float, *, within: float = ANSWER_WITHIN) -> Actions:
        """Send a command; it is given up after ``within`` seconds.

        Raises Problem(CONFLICT) when a command with this request_id waits already.
        """
        self._advance(now)
        if command.request_id in self._requests:
            raise Problem(ProblemCode.CONFLICT, "This request id is waiting for its answer. Use a new one.")
        if self._state is not HubState.OPEN:
            return [Unanswered(command, _gone())]
        if len(self._requests) >= MAX_OUTSTANDING:
            message = "Too many commands wait for this device. Try again when it has answered."
            return [Unanswered(command, Problem(ProblemCode.TOO_MANY, message))]
        try:
            text = encode(command)
        except Problem as problem:
            return [Unanswered(command, problem)]
        self._requests.open(command, self._now + within)
        return [SendText(text)]

    def input(self, session_id: str, seq: int, payload: bytes) -> Actions:
        """Type into a session. Dropped unless the connection is open. Raises Problem as the frame's encode does."""
        if self._state is not HubState.OPEN:
            return []
        return [SendBinary(BinaryFrame(FrameKind.INPUT, session_id, seq, payload).encode())]

    def send_stream(self, item: AnyStreamMessage | BinaryFrame) -> Actions:
        """Send a message or frame of a stream. Dropped unless the connection is open. Raises Problem as encode does."""
        if self._state is not HubState.OPEN:
            return []
        return [SendBinary(item.encode()) if isinstance(item, BinaryFrame) else SendText(encode(item))]

    # The socket

    def received_text(self, text: str | bytes, now: float) -> Actions:
        """A text frame arrived."""
        self._advance(now)
        if self._state not in (HubState.EXPECTING, HubState.OPEN):
            return []
        if len(text) > MAX_SOCKET_BYTES:
            return self._close(1009, "a message over 2 MiB")
        try:
            event = parse_from_device(text)
        except Problem as problem:
            return [] if problem.code is ProblemCode.UNKNOWN_EVENT else [Note(problem)]
        if isinstance(event, GatewayHello):
            return self._hello(event)
        if self._state is HubState.EXPECTING:
            return [Note(_too_early())]
        self._move(Happening.GREETED, now)
        if isinstance(event, STREAM_MESSAGES):
            return [DeliverStream(event)]
        self._follow(event)
        return self._match(event)

    def received_binary(self, data: bytes, now: float) -> Actions:
        """A binary frame arrived: terminal output. Frames over 64 KiB are refused, and the connection goes on."""
        self._advance(now)
        if self._state not in (HubState.EXPECTING, HubState.OPEN):
            return []
        if self._state is HubState.EXPECTING:
            return [Note(_too_early())]
        try:
            frame = BinaryFrame.decode(data)
        except Problem as problem:
            return [Note(problem)]
        if frame.kind is FrameKind.STREAM:
            self._move(Happening.GREETED, now)
            return [DeliverStream(frame)]
        if frame.kind is not FrameKind.OUTPUT:
            message = "The device sent terminal input. Send output (0x01) only."
            return [Note(Problem(ProblemCode.MALFORMED_FRAME, message))]
        self._move(Happening.GREETED, now)
        return self._output(frame)

    def lost(self, now: float) -> Actions:
        """The socket is gone: nothing that waits will be answered."""
        return self._give_up() if self._move(Happening.LOST, now) else []

    def stop(self, now: float) -> Actions:
        """End the connection in order."""
        return [Close(1001, "the hub stops")] if self._move(Happening.STOP, now) else []

    def tick(self, now: float) -> Actions:
        """Do what is due."""
        self._advance(now)
        actions: Actions = [Unanswered(command, _late()) for command in self._requests.overdue(self._now)]
        if self._due is None or self._now < self._due:
            return actions
        before = self._state
        self._move(Happening.OVERDUE, self._now)
        if before is HubState.CLOSING:
            return [*actions, Abort(), *self._give_up()]
        return [*actions, Close(1008, "no hello" if before is HubState.EXPECTING else "no sign of life for 90 s")]

    # Inside

    def _advance(self, now: float) -> None:
        self._now = max(now, self._now)

    def _move(self, happening: Happening, now: float) -> bool:
        self._advance(now)
        state = HUB_TRANSITIONS[self._state].get(happening)
        if state is None:
            return False
        self._state = state
        lasts = HUB_LASTS.get(state)
        self._due = None if lasts is None else self._now + lasts
        return True

    def _close(self, code: int, reason: str) -> Actions:
        return [Close(code, reason)] if self._move(Happening.FAULT, self._now) else []

    def _give_up(self) -> Actions:
        return [Unanswered(command, _gone()) for command in self._requests.all()]

    def _hello(self, hello: GatewayHello) -> Actions:
        if hello.gateway_id != self._gateway_id:
            message = "The hello names another gateway than the connection did. Use one id for both."
            return [Note(Problem(ProblemCode.FORBIDDEN, message)), *self._close(1008, "another gateway id")]
        self._move(Happening.GREETED, self._now)
        return [DeliverEvent(hello)]

    def _follow(self, event: AnyEvent) -> None:
        """Keep the frame numbers in step with what the event says of them."""
        if isinstance(event, SessionStarted):
            if self._sequences.expected(event.session_id) is None:
                self._sequences.restart(event.session_id, 0)
        elif isinstance(event, SessionEnded):
            self._sequences.restart(event.session_id, None)
        elif isinstance(event, SessionSnapshot) and event.request_id is None:
            self._sequences.restart(event.session_id, event.seq)

    def _match(self, event: AnyEvent) -> Actions:
        request_id = request_id_of(event)
        request = self._requests.find(request_id, event)
        if request is None:
            return [Note(_unasked())] if isinstance(event, Ack) else [DeliverEvent(event)]
        answered = request.add(event)
        if answered is None:
            return []
        self._requests.close(request.command.request_id)
        return [answered]

    def _output(self, frame: BinaryFrame) -> Actions:
        expected = self._sequences.expected(frame.session_id)
        step = self._sequences.frame(frame.session_id, frame.seq)
        if step is Step.AGAIN:
            message = "A frame of terminal output came twice or too late. Number the frames upwards, one by one."
            return [Note(Problem(ProblemCode.OUT_OF_ORDER, message))]
        actions: Actions = [DeliverOutput(frame)]
        if step is Step.GAP and expected is not None:
            actions.insert(0, Gap(frame.session_id, expected, frame.seq))
        return actions


def _gone() -> Problem:
    return Problem(ProblemCode.UNAVAILABLE, "The device is not connected. Try again when it is back.")


def _late() -> Problem:
    return Problem(ProblemCode.TIMEOUT, "The device did not answer in time. Look whether it is well, then try again.")


def _too_early() -> Problem:
    return Problem(ProblemCode.MALFORMED_MESSAGE, "The first message was not gateway.hello. Send the hello first.")


def _unasked() -> Problem:
    return Problem(ProblemCode.NOT_FOUND, "An ack names no request that waits. Answer each request once, in time.")
