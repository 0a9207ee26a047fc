"""Drives the state machine of the link over a WebSocket, for one hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING

from gateway.hub_link import messages, partings, pump
from gateway.hub_link.announcer import Announcer
from gateway.hub_link.channel import Channel, Request
from gateway.hub_link.notes import Notes
from gateway.hub_link.outbox import LinkGone, Outbox
from gateway.hub_link.pages import Pages
from gateway.hub_link.partings import SELDOM
from gateway.hub_link.pump import Alarm
from gateway.hub_link.target import DriverParts, Target
from protocol.events import AnyEvent, GatewayHealth
from protocol.limits import PING_EVERY
from protocol.link import (
    Abort,
    Close,
    CloseCode,
    Deliver,
    DeliverInput,
    DeliverNotice,
    DeliverStream,
    DeviceAction,
    DeviceLink,
    DeviceState,
    Dial,
    Greet,
    Note,
    Prove,
    SampleHealth,
    SendBinary,
    SendPing,
    SendText,
)
from protocol.notices import AnyNotice
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

log = logging.getLogger(__name__)


class Driver:
    """Connects, talks, and connects again until it is cancelled. Nothing that a hub does makes it give up."""

    def __init__(
        self, parts: DriverParts, target: Target, *, random: Callable[[], float], ping_every: float = PING_EVERY
    ) -> None:
        self._parts = parts
        self._target = target
        self._report = target.report
        self._clock = parts.clock
        self._link = DeviceLink(target.hello(), random=random, has_key=target.prover is not None, ping_every=ping_every)
        self._notes = Notes(self._clock)
        self._pages = Pages(parts.tunnel, self._notes)
        self._alarm = Alarm(self._clock, self._tick)
        self._channel = self._new_channel(Outbox())
        self._hang_up = asyncio.Event()
        self._health_wanted = asyncio.Event()
        self._closing = Close(1000, "")
        self._conversation: list[asyncio.Task[None]] = []
        self._hearing = asyncio.Lock()
        self._connection: asyncio.Task[None] | None = None
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
            self._alarm.set(None)

    def send(self, event: AnyEvent) -> None:
        """Tell the hub something in the name of a person at the device. Dropped where the link is not up."""
        self._carry_out(self._link.send(event, self._clock.time()))

    # What the state machine asks for

    def _carry_out(self, actions: Iterable[DeviceAction], size: int = 0) -> None:
        for action in actions:
            self._act(action, size)
        self._alarm.set(self._link.deadline)
        if self._link.state is DeviceState.LIVE:
            self._error = None
        self._report(self._link.state, self._error)

    def _act(self, action: DeviceAction, size: int) -> None:
        match action:
            case SendText(text):
                self._outbox.say(text)
            case SendPing(payload):
                self._outbox.ping(payload)
            case SendBinary():
                raise ValueError("output goes through Channel.output")
            case Note(problem):
                self._notes.write(problem)
            case Dial():
                self._connection = asyncio.create_task(self._connect(), name="hub link")
            case Close(_, reason):
                self._end(action, f"The connection was closed: {reason}. Connecting again.")
            case Abort():
                if self._connection is not None:
                    self._connection.cancel()
            case _:
                self._deliver(action, size)

    def _deliver(self, action: DeviceAction, size: int) -> None:
        match action:
            case Deliver():
                self._parts.dispatcher.deliver(Request(action, self._channel), size)
            case DeliverInput(frame):
                self._parts.typist.type(frame, self._channel)
            case DeliverNotice(notice):
                self._converse(self._notice(notice))
            case DeliverStream(item):
                self._pages.received(item)
            case Prove():
                self._converse(self._prove(action))
            case Greet():
                self._converse(self._greet(self._channel))
            case SampleHealth():
                self._health_wanted.set()
            case _:
                raise ValueError(f"{type(action).__name__} is none of the link's actions")

    def _tick(self) -> None:
        try:
            self._carry_out(self._link.tick(self._clock.time()))
        except Exception:
            log.exception("what was due on the link to the hub failed in an unexpected way")
            self._alarm.set(self._link.deadline)

    def _new_channel(self, outbox: Outbox) -> Channel:
        self._outbox = outbox
        return Channel(self._link, outbox, self._clock, self._carry_out)

    def _end(self, how: Close, sentence: str) -> None:
        self._closing = how
        self._error = sentence
        self._hang_up.set()

    async def _health(self) -> GatewayHealth:
        measured = await asyncio.to_thread(self._parts.sampler.sample)
        sessions, titles = self._parts.sessions.list(), self._parts.terms.may("terminals")
        away = not self._parts.agents_reached()
        return messages.health(self._target.device_id, measured, sessions, titles=titles, agents_away=away)

    # One connection

    async def _connect(self) -> None:
        refused = False
        try:
            socket = await self._target.open()
        except Problem as problem:
            self._error = problem.message
            refused = problem.code is ProblemCode.HUB_REFUSED
        except Exception:
            log.exception("the link to the hub failed in an unexpected way")
            self._error = "The link failed in an unexpected way. See the device's log; trying again."
        else:
            await self._talk_and_close(socket)
            refused = not self._hang_up.is_set() and self._is_refusal(socket.close_code)
        self._carry_out(self._link.lost(self._clock.time(), refused=refused))

    def _is_refusal(self, code: int | None) -> bool:
        prover = self._target.prover
        if code == CloseCode.PROOF_WRONG and prover is not None and prover.refused():
            return False
        return code in SELDOM

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
        self._hearing = asyncio.Lock()
        self._link.introduce(self._target.hello())
        self._pages.connected(self._channel)
        try:
            self._converse(pump.read(socket, self._take))
            self._converse(pump.write(socket, outbox, self._pong))
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
            await self._pages.lost()
            await self._parts.terminals.close()
            self._parts.keyboard.release()
        self._explain(ends, socket)

    def _converse(self, part: Coroutine[None, None, None]) -> None:
        self._conversation.append(asyncio.create_task(part))

    def _take(self, message: str | bytes) -> None:
        now = self._clock.time()
        if isinstance(message, str):
            self._carry_out(self._link.received_text(message, now), len(message))
        else:
            self._carry_out(self._link.received_binary(message, now), len(message))

    def _pong(self, payload: bytes) -> None:
        self._carry_out(self._link.pong(payload, self._clock.time()))

    async def _prove(self, asked: Prove) -> None:
        prover = self._target.prover
        if prover is None:
            raise ValueError("only a device with a key is asked to prove it")
        try:
            proof = await asyncio.to_thread(prover.prove, asked.challenge)
        except Problem as problem:
            self._end(Close(1011, "no proof can be made"), problem.message)
        else:
            self._carry_out(self._link.prove(asked, proof, self._clock.time()))

    async def _notice(self, notice: AnyNotice) -> None:
        try:
            async with self._hearing:
                answer = await self._target.hear(notice)
        except Problem as problem:
            log.error("what the hub says of this device cannot be kept: %s", problem)
        else:
            if answer is not None:
                self.send(answer)

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
        async with self._hearing:
            pass  # who is online has taken in the welcome, and kept what it said
        announcer = Announcer(self._parts.sessions, self._parts.bus, self._parts.terms, channel)
        screens = await self._parts.terminals.open(channel)
        self._carry_out(self._link.greet(await self._health(), screens, self._clock.time()))
        self._pages.greeted()
        self._converse(announcer.listen())
        self._converse(announcer.speak())
        await self._parts.terminals.follow()

    def _explain(self, ends: list[BaseException | None], socket: ClientConnection) -> None:
        """Choose the sentence that says why the connection ended, and log what nobody expected."""
        from websockets.exceptions import ConnectionClosed

        if not self._hang_up.is_set():
            self._error = partings.sentence(socket.close_code, socket.close_reason or "")
        for end in ends:
            if isinstance(end, Problem):
                self._error = end.message
            elif isinstance(end, Exception) and not isinstance(end, ConnectionClosed | LinkGone):
                log.error("the link to the hub failed in an unexpected way", exc_info=end)
                self._error = "The link failed in an unexpected way. See the device's log; connecting again."


def _say_nothing(_state: DeviceState, _error: str | None) -> None:
    """Who stops the link says what follows."""
