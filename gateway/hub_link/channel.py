"""One connection to the hub, as those see it who have something to say there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from gateway.hub_link.outbox import LinkGone, Outbox
from protocol.commands import AnyCommand
from protocol.events import AnyEvent
from protocol.link import Deliver, DeviceAction, DeviceLink, SendBinary, SendText
from protocol.problems import Problem

if TYPE_CHECKING:
    from protocol.streams.mux import StreamItem


class Timer(Protocol):
    """A callback that is still to come."""

    def cancel(self) -> None:
        """It is not to come."""
        ...


class Clock(Protocol):
    """Monotonic time in seconds; an asyncio loop is one."""

    def time(self) -> float:
        """Now."""
        ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call at a time."""
        ...


class Channel:
    """Passes everything through the state machine of the link and carries out what it asks for."""

    def __init__(
        self, link: DeviceLink, outbox: Outbox, clock: Clock, carry_out: Callable[[Iterable[DeviceAction]], None]
    ) -> None:
        self._link = link
        self._outbox = outbox
        self._clock = clock
        self._carry_out = carry_out

    async def tell(self, event: AnyEvent) -> None:
        """Say something nobody asked for, in its place between the output. Raises LinkGone."""
        if self._outbox.closed:
            raise LinkGone
        await self._stream(self._link.send(event, self._clock.time()))

    async def output(self, session_id: str, seq: int, payload: bytes) -> None:
        """Send terminal bytes once there is room for them. Raises LinkGone."""
        await self._stream(self._link.output(session_id, seq, payload, self._clock.time()))

    async def stream(self, item: StreamItem) -> None:
        """Send a message or frame of a stream, in its turn between all that waits. Raises LinkGone."""
        if self._outbox.closed:
            raise LinkGone
        await self._stream(self._link.send_stream(item, self._clock.time()))

    async def answer(self, delivered: Deliver, *events: AnyEvent) -> None:
        """Answer a command behind the output that waits already. Raises LinkGone."""
        await self._stream(self._link.succeed(delivered, *events, now=self._clock.time()))

    def answer_now(self, delivered: Deliver, *events: AnyEvent) -> None:
        """Answer a command ahead of the output that waits."""
        self._carry_out(self._link.succeed(delivered, *events, now=self._clock.time()))

    def refuse(self, delivered: Deliver, problem: Problem) -> None:
        """Say that a command was not carried out, and why."""
        self._carry_out(self._link.refuse(delivered, problem, now=self._clock.time()))

    async def _stream(self, actions: Iterable[DeviceAction]) -> None:
        for action in actions:
            match action:
                case SendText(text):
                    await self._outbox.stream(text)
                case SendBinary(data):
                    await self._outbox.stream(data)
                case _:
                    self._carry_out([action])


class Request:
    """A command under way, and the way back to who asked."""

    def __init__(self, delivered: Deliver, channel: Channel) -> None:
        self._delivered = delivered
        self._channel = channel
        self.answered = False

    @property
    def command(self) -> AnyCommand:
        """What was asked."""
        return self._delivered.command

    async def tell(self, event: AnyEvent) -> None:
        """Send an event that belongs to the answer but does not name the request. Raises LinkGone."""
        await self._channel.tell(event)

    async def answer(self, *events: AnyEvent) -> None:
        """Answer behind the output that waits. Raises LinkGone."""
        self.answered = True
        await self._channel.answer(self._delivered, *events)

    def answer_now(self, *events: AnyEvent) -> None:
        """Answer at once."""
        self.answered = True
        self._channel.answer_now(self._delivered, *events)

    def refuse(self, problem: Problem) -> None:
        """Refuse; nothing happens when the answer is out already."""
        if not self.answered:
            self.answered = True
            self._channel.refuse(self._delivered, problem)
