"""Drives the state machine of the link over a WebSocket, for one hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gateway.hub_link import messages
from gateway.hub_link.channel import Channel, Clock, Request, Timer
from gateway.hub_link.dispatch import Dispatcher
from gateway.hub_link.keyboard import Keyboard
from gateway.hub_link.notes import Notes
from gateway.hub_link.outbox import LinkGone, Outbox, Ping
from gateway.hub_link.services import HubSampler, HubSessions
from gateway.hub_link.terminals import Terminals
from gateway.hub_link.typist import Typist
from protocol.events import GatewayHealth, GatewayHello
from protocol.link import (
    Abort,
    Close,
    Deliver,
    DeliverInput,
    DeviceAction,
    DeviceLink,
    DeviceState,
    Dial,
    Greet,
    Note,
    SampleHealth,
    SendBinary,
    SendPing,
    SendText,
)
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

log = logging.getLogger(__name__)

Open = Callable[[], Coroutine[None, None, "ClientConnection"]]
Report = Callable[[DeviceState, str | None], None]
"""Told where the link stands, and the sentence that says why it is not online."""


@dataclass(frozen=True)
class DriverParts:
    """What the driver works with."""

    sessions: HubSessions
    sampler: HubSampler
    dispatcher: Dispatcher
    typist: Typist
    terminals: Terminals
    keyboard: Keyboard
    clock: Clock


class Driver:
    """Connects, talks, and connects again until it is cancelled. Nothing that a hub does makes it give up."""

    def __init__(
        self, parts: DriverParts, hello: GatewayHello, open_socket: Open, *, random: Callable[[], float], report: Report
    ) -> None:
        self._parts = parts
        self._gateway_id = hello.gateway_id
        self._open = open_socket
        self._report = report
        self._clock = parts.clock
        self._link = DeviceLink(hello, random=random)
        self._notes = Notes(self._clock)
        self._channel = self._new_channel(Outbox())
        self._hang_up = asyncio.Event()
        self._health_wanted = asyncio.Event()
        self._closing = Close(1000, "")
        self._conversation: list[asyncio.Task[None]] = []
        self._connection: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._armed: float | None = None
        self._error: str | None = None

    async def run(self) -> None:
        """Hold the link until cancelled; then say goodbye."""
        self._carry_out(self._link.start(self._clock.time()))
        try:
            await asyncio.Event().wait()
        finally:
            self._report = _say_nothing
            self._carry_out(self._link.stop(self._clock.time()))
            if self._connection is not None:
                await asyncio.wait([self._connection])
            if self._timer is not None:
                self._timer.cancel()

    # What the state machine asks for

    def _carry_out(self, actions: Iterable[DeviceAction], size: int = 0) -> None:
        for action in actions:
            self._act(action, size)
        self._arm()
        if self._link.state is DeviceState.LIVE:
            self._error = None
        self._report(self._link.state, self._error)

    def _act(self, action: DeviceAction, size: int) -> None:
        match action:
            case SendText(text):
                self._outbox.say(text)
            case SendPing(payload):
                self._outbox.ping(payload)
            case Deliver():
                self._parts.dispatcher.deliver(Request(action, self._channel), size)
            case DeliverInput(frame):
                self._parts.typist.type(frame, self._channel)
            case SampleHealth():
                self._health_wanted.set()
            case Greet():
                self._converse(self._greet(self._channel))
            case Note(problem):
                self._notes.write(problem)
            case Dial():
                self._connection = asyncio.create_task(self._connect(), name="hub link")
            case Close(_, reason):
                self._closing = action
                self._error = f"The connection was closed: {reason}. Connecting again."
                self._hang_up.set()
            case Abort():
                if self._connection is not None:
                    self._connection.cancel()
            case SendBinary():
                raise ValueError("output goes through Channel.output")

    def _arm(self) -> None:
        deadline = self._link.deadline
        if deadline == self._armed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed = deadline
        self._timer = None if deadline is None else self._clock.call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._armed = self._timer = None
        try:
            self._carry_out(self._link.tick(self._clock.time()))
        except Exception:
            log.exception("what was due on the link to the hub failed in an unexpected way")
            self._arm()

    def _new_channel(self, outbox: Outbox) -> Channel:
        self._outbox = outbox
        return Channel(self._link, outbox, self._clock, self._carry_out)

    async def _health(self) -> GatewayHealth:
        measured = await asyncio.to_thread(self._parts.sampler.sample)
        return messages.health(self._gateway_id, measured, self._parts.sessions.list())

    # One connection

    async def _connect(self) -> None:
        refused = False
        try:
            socket = await self._open()
        except Problem as problem:
            self._error = problem.message
            refused = problem.code is ProblemCode.HUB_REFUSED
        except Exception:
            log.exception("the link to the hub failed in an unexpected way")
            self._error = "The link failed in an unexpected way. See the device's log; trying again."
        else:
            await self._talk_and_close(socket)
        self._carry_out(self._link.lost(self._clock.time(), refused=refused))

    async def _talk_and_close(self, socket: ClientConnection) -> None:
        from gateway.hub_link.socket import CLOSE_TIMEOUT

        try:
            await self._talk(socket)
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await socket.close(self._closing.code, self._closing.reason)
        except TimeoutError:
            pass  # a peer that does not read gets no goodbye
        except Exception:
            log.exception("the link to the hub failed in an unexpected way")
            self._error = "The link failed in an unexpected way. See the device's log; connecting again."
        finally:
            socket.transport.abort()

    async def _talk(self, socket: ClientConnection) -> None:
        outbox = Outbox()
        self._channel = self._new_channel(outbox)
        self._hang_up = asyncio.Event()
        self._health_wanted = asyncio.Event()
        self._closing = Close(1000, "")
        self._conversation = []
        try:
            self._converse(self._read(socket))
            self._converse(self._write(socket, outbox))
            self._converse(self._watch(outbox))
            self._converse(self._report_health())
            self._converse(self._obey(self._hang_up))
            self._carry_out(self._link.connected(self._clock.time()))
            await asyncio.wait(self._conversation, return_when=asyncio.FIRST_COMPLETED)
        finally:
            outbox.close()
            for task in self._conversation:
                task.cancel()
            ends = await asyncio.gather(*self._conversation, return_exceptions=True)
            await self._parts.terminals.close()
            self._parts.keyboard.release()
        self._explain(ends, socket)

    def _converse(self, part: Coroutine[None, None, None]) -> None:
        self._conversation.append(asyncio.create_task(part))

    async def _read(self, socket: ClientConnection) -> None:
        async for message in socket:
            now = self._clock.time()
            if isinstance(message, str):
                self._carry_out(self._link.received_text(message, now), len(message))
            else:
                self._carry_out(self._link.received_binary(message, now), len(message))

    async def _write(self, socket: ClientConnection, outbox: Outbox) -> None:
        while True:
            item = await outbox.next()
            if isinstance(item, Ping):
                pong = await socket.ping(item.payload)
                asyncio.ensure_future(pong).add_done_callback(partial(self._pong, item))
            else:
                await socket.send(item)

    def _pong(self, sent: Ping, done: asyncio.Future[float]) -> None:
        if not done.cancelled() and done.exception() is None:
            self._carry_out(self._link.pong(sent.payload, self._clock.time()))

    async def _report_health(self) -> None:
        while True:
            await self._health_wanted.wait()
            self._health_wanted.clear()
            self._carry_out(self._link.send(await self._health(), self._clock.time()))

    async def _watch(self, outbox: Outbox) -> None:
        await outbox.overflowed.wait()
        self._closing = Close(1008, "answers are not read")
        raise Problem(ProblemCode.HUB_UNREACHABLE, "The hub does not read what this device sends. Connecting again.")

    async def _obey(self, hang_up: asyncio.Event) -> None:
        await hang_up.wait()

    async def _greet(self, channel: Channel) -> None:
        screens = await self._parts.terminals.open(channel)
        self._carry_out(self._link.greet(await self._health(), screens, self._clock.time()))
        await self._parts.terminals.follow()

    def _explain(self, ends: list[BaseException | None], socket: ClientConnection) -> None:
        """Choose the sentence that says why the connection ended, and log what nobody expected."""
        from websockets.exceptions import ConnectionClosed

        if not self._hang_up.is_set():
            self._error = "The connection to the hub was lost. Connecting again."
        if not self._hang_up.is_set() and socket.close_code not in (None, 1006):
            self._error = f"The hub closed the connection (code {socket.close_code}). Connecting again."
        for end in ends:
            if isinstance(end, Problem):
                self._error = end.message
            elif isinstance(end, Exception) and not isinstance(end, ConnectionClosed | LinkGone):
                log.error("the link to the hub failed in an unexpected way", exc_info=end)
                self._error = "The link failed in an unexpected way. See the device's log; connecting again."


def _say_nothing(_state: DeviceState, _error: str | None) -> None:
    """Who stops the link says what follows."""
