"""The device's end of the link, without a socket and without a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from protocol.base import NoticeBase
from protocol.codec import FromHub, encode, parse_from_hub
from protocol.commands import AnyCommand
from protocol.events import AnyEvent, GatewayHealth, GatewayHello, GatewayProof, SessionSnapshot
from protocol.frames import BinaryFrame, FrameKind
from protocol.limits import HEALTH_EVERY, MAX_SOCKET_BYTES, PING_EVERY
from protocol.link.actions import (
    Deliver,
    DeliverInput,
    DeliverNotice,
    DeliverStream,
    DeviceAction,
    Greet,
    Note,
    Prove,
    SampleHealth,
    SendBinary,
    SendText,
)
from protocol.link.answers import Ledger, request_id_of
from protocol.link.life import TALKING, WITH_SOCKET, Actions, Life
from protocol.link.replies import refusal, refusal_of_unread, repeated, success, too_many
from protocol.link.states import DeviceState, Happening
from protocol.notices import AnyNotice, GatewayChallenge, GatewayKeyAccepted, GatewayUnclaimed, GatewayWelcome
from protocol.problems import Problem, ProblemCode
from protocol.streams.messages import AnyStreamMessage, StreamMessageBase

MAX_HELD: Final = 1024
"""Messages kept while the greeting is not complete."""


class DeviceLink(Life):
    """The device's end: takes what happens, gives the actions that follow (:mod:`protocol.link.actions`).

    ``now`` is a monotonic time in seconds everywhere; one that runs backwards counts as standing still. Call
    :meth:`tick` when :attr:`deadline` has come; early or late calls do no harm. Input that does not fit the state (a
    message from a socket that is closing) is ignored. No method raises for anything the hub sent; ValueError means that
    the driver itself is wrong.

    ``random`` gives numbers from 0 (included) to 1 (excluded), for the jitter; ``ping_every`` is in seconds.
    With ``has_key`` the device said ``Authorization: Hutch-Key``: it waits for the challenge, and may have to
    wait for a person to claim it.
    """

    def __init__(
        self,
        hello: GatewayHello,
        *,
        random: Callable[[], float],
        has_key: bool = False,
        ping_every: float = PING_EVERY,
    ) -> None:
        super().__init__(random, ping_every)
        self._hello = encode(hello)
        self._has_key = has_key
        self._challenged = False
        self._health_due = 0.0
        self._ledger = Ledger()
        self._held: list[str] = []

    def introduce(self, hello: GatewayHello) -> None:
        """Say this hello from the next greeting on."""
        self._hello = encode(hello)

    @property
    def deadline(self) -> float | None:
        """When :meth:`tick` has something to do; None while only the driver or the hub can move the link."""
        due = super().deadline
        if self._state is not DeviceState.LIVE:
            return due
        return self._health_due if due is None else min(due, self._health_due)

    @property
    def waiting(self) -> frozenset[str]:
        """Request ids of this connection that have no final answer yet."""
        return self._ledger.waiting

    def current(self, delivered: Deliver) -> bool:
        """Whether the connection that asked is still there; if not, a long answer need not be completed."""
        return delivered.connection == self._connection and self._state in TALKING

    # The socket

    def connected(self, now: float) -> Actions:
        """The WebSocket is open: hello goes out, or, from a device with a key, nothing before the challenge."""
        if self._has_key:
            self._open(Happening.ASKED_WHO, now)
            return []
        return self._hail() if self._open(Happening.CONNECTED, now) else []

    def prove(self, asked: Prove, proof: GatewayProof, now: float) -> Actions:
        """Answer a challenge. Ignored when the connection was lost meanwhile."""
        self._advance(now)
        if asked.connection != self._connection or self._state is not DeviceState.PROVING:
            return []
        return [SendText(encode(proof))]

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

    def tick(self, now: float) -> Actions:
        """Do what is due."""
        actions = super().tick(now)
        if self._state is DeviceState.LIVE and self._now >= self._health_due:
            self._health_due = self._now + HEALTH_EVERY
            actions.append(SampleHealth())
        return actions

    # From the hub

    def received_text(self, text: str | bytes, now: float) -> Actions:
        """A text frame arrived: a command to deliver, or a refusal where a request_id could be found."""
        self._advance(now)
        if self._state not in WITH_SOCKET:
            return []
        if len(text) > MAX_SOCKET_BYTES:
            return self._close(1009, "a message over 2 MiB")
        try:
            message = parse_from_hub(text)
        except Problem as problem:
            return self._refuse_unread(problem)
        return self._heard(message)

    def received_binary(self, data: bytes, now: float) -> Actions:
        """A binary frame arrived: terminal input."""
        self._advance(now)
        if self._state not in WITH_SOCKET:
            return []
        if len(data) > MAX_SOCKET_BYTES:
            return self._close(1009, "a message over 2 MiB")
        try:
            frame = BinaryFrame.decode(data, max_bytes=MAX_SOCKET_BYTES)
        except Problem as problem:
            return [Note(problem)]
        if self._state not in TALKING:
            return [Note(_too_early("a binary frame"))]
        return [_delivered(frame)]

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

    def _forget_conversation(self) -> None:
        self._ledger, self._held, self._challenged = Ledger(), [], False

    def _hail(self) -> Actions:
        return [SendText(self._hello), Greet()]

    def _heard(self, message: FromHub) -> Actions:
        if isinstance(message, NoticeBase):
            return self._notice(message)
        if self._state not in TALKING:
            return [Note(_too_early(message.type))]
        if isinstance(message, StreamMessageBase):
            return [DeliverStream(message)]
        return self._command(message)

    def _notice(self, notice: AnyNotice) -> Actions:
        """The hub says who we are to it; what does not fit the state is noted and changes nothing."""
        match notice:
            case GatewayChallenge() if self._state is DeviceState.PROVING and not self._challenged:
                self._challenged = True
                return [Prove(notice, self._connection)]
            case GatewayUnclaimed() if self._challenged and self._move(Happening.UNCLAIMED, self._now):
                return [DeliverNotice(notice)]
            case GatewayWelcome() if self._challenged and self._move(Happening.WELCOMED, self._now):
                return [DeliverNotice(notice), *self._hail()]
            case GatewayWelcome() | GatewayKeyAccepted() if self._state in TALKING:
                return [DeliverNotice(notice)]
        return [Note(_out_of_place(notice))]

    def _refuse_unread(self, problem: Problem) -> Actions:
        request_id = problem.details.get("request_id")
        if not isinstance(request_id, str) or self._ledger.knows(request_id) or self._state not in TALKING:
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
        if self._state not in TALKING:
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


def _delivered(frame: BinaryFrame) -> DeviceAction:
    if frame.kind is FrameKind.STREAM:
        return DeliverStream(frame)
    if frame.kind is FrameKind.INPUT:
        return DeliverInput(frame)
    return Note(Problem(ProblemCode.MALFORMED_FRAME, "The hub sent terminal output. Send input (0x02) only."))


def _too_early(what: str) -> Problem:
    message = f"The hub sent {what} before it welcomed this device. Send gateway.welcome first."
    return Problem(ProblemCode.MALFORMED_MESSAGE, message)


def _out_of_place(notice: AnyNotice) -> Problem:
    message = f"{notice.type} does not fit where the link stands. Send it in its place."
    return Problem(ProblemCode.MALFORMED_MESSAGE, message)
