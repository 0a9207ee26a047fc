"""The hub's end of one device's connection, without a socket and without a clock."""

from __future__ import annotations

from typing import Final

from protocol.codec import FromDevice, encode, parse_from_device
from protocol.commands import AnyCommand
from protocol.events import AnyEvent, GatewayHello, GatewayProof, SessionEnded, SessionSnapshot, SessionStarted
from protocol.frames import BinaryFrame, FrameKind
from protocol.limits import ANSWER_WITHIN, KIB, MAX_SOCKET_BYTES, SILENT_AFTER
from protocol.link.actions import (
    Abort,
    CheckProof,
    Close,
    DeliverEvent,
    DeliverStream,
    HubAction,
    Note,
    SendBinary,
    SendText,
    Unanswered,
)
from protocol.link.refusals import busy, cut_off, gone, input_from_device, late, other_gateway, taken, too_early
from protocol.link.requests import MAX_OUTSTANDING, Requests, unrequested
from protocol.link.sequence import Sequences
from protocol.link.states import HUB_LASTS, HUB_TRANSITIONS, Happening, HubState
from protocol.notices import GatewayChallenge, GatewayKeyAccepted, GatewayUnclaimed, GatewayWelcome
from protocol.problems import Problem, ProblemCode
from protocol.streams.messages import AnyStreamMessage, StreamMessageBase

Actions = list[HubAction]
MAX_PROOF_BYTES: Final = 16 * KIB
"""What a device that is not known yet may send in one message."""
_BOTH: Final = (HubState.EXPECTING, HubState.OPEN)
_UNKNOWN: Final = (HubState.CHALLENGING, HubState.CHECKING, HubState.UNCLAIMED)
_TOO_LONG: Final = {
    HubState.CHALLENGING: "no proof",
    HubState.CHECKING: "the proof could not be checked in time",
    HubState.UNCLAIMED: "not claimed",
    HubState.EXPECTING: "no hello",
}


class HubLink:
    """The hub's end of one connection: made when the socket opens, thrown away when it is gone.

    ``gateway_id`` is what the device called itself in ``X-Gateway-Id``; a hello of another name ends the connection.
    ``challenge`` is for a device with a key of its own (:meth:`start` sends it); without one the device's token was
    looked at already. ``silent_after``: seconds without a sign of life that end an open connection.
    ``now`` is a monotonic time in seconds everywhere; one that runs backwards counts as standing still.
    No method raises for anything the device sent. Every request ends in exactly one Answered or Unanswered.

    There is one of these for each of many idle devices, so the books are made when there is something to write.
    """

    __slots__ = ("_challenge", "_due", "_gateway_id", "_now", "_requests", "_sequences", "_silent_after", "_state")

    def __init__(
        self,
        gateway_id: str,
        now: float,
        *,
        challenge: GatewayChallenge | None = None,
        silent_after: float = SILENT_AFTER,
    ) -> None:
        self._gateway_id = gateway_id
        self._challenge = challenge
        self._state = HubState.EXPECTING if challenge is None else HubState.CHALLENGING
        self._now = now
        self._silent_after = silent_after
        self._due: float | None = now + HUB_LASTS[self._state]
        self._requests: Requests | None = None
        self._sequences: Sequences | None = None

    @property
    def state(self) -> HubState:
        """Where the connection stands."""
        return self._state

    @property
    def deadline(self) -> float | None:
        """When :meth:`tick` may have something to do (early, never late); None once the connection is closed."""
        soonest = None if self._requests is None else self._requests.deadline
        if soonest is None or self._due is None:
            return self._due if soonest is None else soonest
        return min(soonest, self._due)

    # To the device

    def start(self, now: float) -> Actions:
        """The socket is open: a device with a key is challenged."""
        self._advance(now)
        challenge, self._challenge = self._challenge, None
        return [] if challenge is None else [SendText(encode(challenge))]

    def unclaimed(self, notice: GatewayUnclaimed, now: float) -> Actions:
        """The proof is right and nobody has claimed the device, or a code expired and this is the next one."""
        return [SendText(encode(notice))] if self._move(Happening.UNCLAIMED, now) else []

    def welcome(self, notice: GatewayWelcome, now: float) -> Actions:
        """The device is known: its hello is expected. On an open connection: name or organisation changed."""
        welcomed = self._move(Happening.WELCOMED, now) or self._state is HubState.OPEN
        return [SendText(encode(notice))] if welcomed else []

    def accept_key(self, notice: GatewayKeyAccepted) -> Actions:
        """The device may forget its old key."""
        return [SendText(encode(notice))] if self._state is HubState.OPEN else []

    def refuse(self, code: int, reason: str, now: float) -> Actions:
        """End the connection with one of :class:`protocol.close_codes.CloseCode` and a sentence (123 bytes at most)."""
        return [Close(code, _cut(reason))] if self._move(Happening.FAULT, now) else []

    def request(self, command: AnyCommand, now: float, *, within: float = ANSWER_WITHIN) -> Actions:
        """Send a command; it is given up after ``within`` seconds.

        Raises Problem(CONFLICT) when a command with this request_id waits already.
        """
        self._advance(now)
        if self._requests is None:
            self._requests = Requests()
        if command.request_id in self._requests:
            raise taken()
        if self._state is not HubState.OPEN:
            return [Unanswered(command, gone())]
        if len(self._requests) >= MAX_OUTSTANDING:
            return [Unanswered(command, busy())]
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
        if self._state not in _BOTH:
            return self._received_from_unknown(text)
        if len(text) > MAX_SOCKET_BYTES:
            return self._close(1009, "a message over 2 MiB")
        try:
            message = parse_from_device(text)
        except Problem as problem:
            return [] if problem.code is ProblemCode.UNKNOWN_EVENT else [Note(problem)]
        return self._heard(message)

    def received_binary(self, data: bytes, now: float) -> Actions:
        """A binary frame arrived: terminal output, or bytes of a stream.

        Frames over 64 KiB are refused, and the connection goes on.
        """
        self._advance(now)
        if self._state is not HubState.OPEN:
            return self._binary_too_early()
        try:
            frame = BinaryFrame.decode(data)
        except Problem as problem:
            return [Note(problem)]
        if frame.kind is FrameKind.INPUT:
            return [Note(input_from_device())]
        self._live()
        if frame.kind is FrameKind.STREAM:
            return [DeliverStream(frame)]
        return self._books().follow(frame)

    def lost(self, now: float) -> Actions:
        """The socket is gone: nothing that waits will be answered."""
        return self._give_up() if self._move(Happening.LOST, now) else []

    def stop(self, now: float) -> Actions:
        """End the connection in order."""
        return [Close(1001, "the hub stops")] if self._move(Happening.STOP, now) else []

    def alive(self, at: float) -> None:
        """Something came at that time that is no message: a ping, or a frame that went another way."""
        if self._state is HubState.OPEN and self._due is not None:
            self._due = max(self._due, at + self._silent_after)

    def tick(self, now: float) -> Actions:
        """Do what is due."""
        self._advance(now)
        overdue = () if self._requests is None else self._requests.overdue(self._now)
        actions: Actions = [Unanswered(command, late()) for command in overdue]
        if self._due is None or self._now < self._due:
            return actions
        before = self._state
        self._move(Happening.OVERDUE, self._now)
        if before is HubState.CLOSING:
            return [*actions, Abort(), *self._give_up()]
        if before is HubState.OPEN:
            return [*actions, Close(1008, f"no sign of life for {self._silent_after:g} s")]
        return [*actions, Close(1008, _TOO_LONG[before])]

    # Inside

    def _advance(self, now: float) -> None:
        self._now = max(self._now, now)

    def _move(self, happening: Happening, now: float) -> bool:
        self._advance(now)
        state = HUB_TRANSITIONS[self._state].get(happening)
        if state is None:
            return False
        self._state = state
        lasts = self._silent_after if state is HubState.OPEN else HUB_LASTS.get(state)
        self._due = None if lasts is None else self._now + lasts
        return True

    def _live(self) -> None:
        """A sign of life on an open connection."""
        self._due = self._now + self._silent_after

    def _close(self, code: int, reason: str) -> Actions:
        return [Close(code, reason)] if self._move(Happening.FAULT, self._now) else []

    def _give_up(self) -> Actions:
        return [] if self._requests is None else [Unanswered(command, cut_off()) for command in self._requests.all()]

    def _books(self) -> Sequences:
        if self._sequences is None:
            self._sequences = Sequences()
        return self._sequences

    def _received_from_unknown(self, text: str | bytes) -> Actions:
        """Before it is known, a device may send its proof, once, and nothing else."""
        if self._state not in _UNKNOWN:
            return []
        if self._state is not HubState.CHALLENGING or len(text) > MAX_PROOF_BYTES:
            return self._close(1008, "nothing but one proof is expected")
        try:
            message = parse_from_device(text)
        except Problem as problem:
            return [Note(problem), *self._close(1008, "the proof cannot be read")]
        if not isinstance(message, GatewayProof):
            return self._close(1008, "gateway.proof comes first")
        self._move(Happening.PROVED, self._now)
        return [CheckProof(message)]

    def _binary_too_early(self) -> Actions:
        if self._state in _UNKNOWN:
            return self._close(1008, "nothing but one proof is expected")
        return [Note(too_early())] if self._state is HubState.EXPECTING else []

    def _heard(self, message: FromDevice) -> Actions:
        if isinstance(message, GatewayHello):
            return self._hello(message)
        if self._state is HubState.EXPECTING:
            return [Note(too_early())]
        self._live()
        if isinstance(message, StreamMessageBase):
            return [DeliverStream(message)]
        if isinstance(message, SessionStarted | SessionEnded | SessionSnapshot):
            self._follow(message)
        return self._match(message)

    def _hello(self, hello: GatewayHello) -> Actions:
        if hello.gateway_id != self._gateway_id:
            return [Note(other_gateway()), *self._close(1008, "another gateway id")]
        self._move(Happening.GREETED, self._now)
        return [DeliverEvent(hello)]

    def _follow(self, event: SessionStarted | SessionEnded | SessionSnapshot) -> None:
        """Keep the frame numbers in step with what the event says of them."""
        books = self._books()
        if isinstance(event, SessionStarted):
            if books.expected(event.session_id) is None:
                books.restart(event.session_id, 0)
        elif isinstance(event, SessionEnded):
            books.restart(event.session_id, None)
        elif event.request_id is None:
            books.restart(event.session_id, event.seq)

    def _match(self, event: AnyEvent) -> Actions:
        if self._requests is None:
            return [unrequested(event)]
        return self._requests.match(event)


def _cut(reason: str) -> str:
    return reason.encode()[:123].decode("utf-8", "ignore")
