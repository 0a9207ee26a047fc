"""The bus between several nodes, over NATS core (https://docs.nats.io/reference/reference-protocols/nats-protocol)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final

import structlog

from hub.nodes.answering import Answering
from hub.nodes.bus import Handler, Message, check_pattern, check_subject
from hub.nodes.envelope import pack, pack_problem, too_large, unpack
from hub.nodes.nats_client import CONNECT_WITHIN, closed, connected, drained, import_client, until_lost
from hub.nodes.refusals import away, late, nobody
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription as NativeSubscription

RETRY_AFTER: Final = 0.5
"""Seconds between two attempts to connect."""
NO_RESPONDERS: Final = "503"
_LOG = structlog.get_logger("hub.nodes")


class NatsBus:
    """One connection to NATS, made anew whenever it is lost; nothing is kept for a server that is away.

    ``url`` may name several servers with commas between, and may hold a password: it is never logged.
    """

    def __init__(self, url: str, *, name: str, retry_after: float = RETRY_AFTER) -> None:
        self._servers = [one.strip() for one in url.split(",") if one.strip()]
        self._name = name
        self._retry_after = retry_after
        self._inbox = f"_INBOX.{secrets.token_hex(12)}"
        self._client: Client | None = None
        self._subscriptions: dict[int, NatsSubscription] = {}
        self._waiting: dict[str, asyncio.Future[bytes]] = {}
        self._numbers = count(1)
        self._listeners: list[Callable[[bool], None]] = []
        self._answering = Answering()
        self._came = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._closing = False
        self._draining: set[asyncio.Task[None]] = set()

    @property
    def up(self) -> bool:
        """Whether NATS answers."""
        return self._client is not None and self._client.is_connected

    async def start(self, within: float = CONNECT_WITHIN) -> bool:
        """Begin to connect, and wait for it at most so long; False when NATS is away yet. It is looked for from now on.

        Raises Problem(UNAVAILABLE) where the client for NATS is not installed.
        """
        await asyncio.to_thread(import_client)
        self._keeper = asyncio.create_task(self._keep())
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._came.wait()
        return self.up

    async def request(self, subject: str, data: bytes, *, within: float) -> bytes:
        """Ask."""
        packed = await pack(data)
        client = self._live()
        number = str(next(self._numbers))
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(within):
                await self._send(client, check_subject(subject), packed, f"{self._inbox}.{number}")
                packed = await answer
        except TimeoutError:
            raise late() from None
        finally:
            del self._waiting[number]
        return await unpack(packed)

    async def publish(self, subject: str, data: bytes) -> None:
        """Tell."""
        packed = await pack(data)
        await self._send(self._live(), check_subject(subject), packed)

    async def subscribe(self, subject: str, handler: Handler, queue: str = "") -> NatsSubscription:
        """Listen: now, and again after every reconnect."""
        subscription = NatsSubscription(self, next(self._numbers), check_pattern(subject), handler, queue)
        self._subscriptions[subscription.number] = subscription
        if self._client is not None:
            await self._begin(self._client, subscription)
        return subscription

    def on_change(self, listener: Callable[[bool], None]) -> None:
        """Hear of losses and returns."""
        self._listeners.append(listener)

    async def close(self) -> None:
        """Let go."""
        self._closing = True
        while self._keeper is not None and not self._keeper.done():
            # While it connects, a cancellation may be lost in asyncio.wait_for (python/cpython#86296).
            self._keeper.cancel()
            await asyncio.wait([self._keeper], timeout=self._retry_after)
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        await self._answering.close()

    # The connection

    async def _keep(self) -> None:
        told = False
        while not self._closing:
            lost = asyncio.Event()
            try:
                async with asyncio.timeout(CONNECT_WITHIN):
                    client = await connected(self._servers, self._name, lost)
            except Exception as error:
                # The library raises many kinds; the text may hold the address with its password.
                if not told:
                    _LOG.warning("NATS does not answer; devices on this node stay usable", error=type(error).__name__)
                told = True
                await asyncio.sleep(self._retry_after)
                continue
            told = False
            try:
                await self._serve(client, lost)
            except Exception as error:
                # It went before everything was subscribed.
                _LOG.info("a connection to NATS did not last", error=type(error).__name__)
                await asyncio.sleep(self._retry_after)
            finally:
                self._lose()
                await closed(client)

    async def _serve(self, client: Client, lost: asyncio.Event) -> None:
        await client.subscribe(f"{self._inbox}.*", cb=self._answered)
        for subscription in list(self._subscriptions.values()):
            await self._begin(client, subscription)
        # Whoever subscribed meanwhile saw no client and was not in the list.
        self._client = client
        for subscription in list(self._subscriptions.values()):
            if subscription.native is None:
                await self._begin(client, subscription)
        # When the server answers this, it has all of them.
        await client.flush(timeout=int(CONNECT_WITHIN))
        self._came.set()
        self._tell(up=True)
        await until_lost(client, lost)

    def _lose(self) -> None:
        was_up = self._client is not None
        self._client = None
        for subscription in self._subscriptions.values():
            subscription.native = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(away(sent=True))
        if was_up and not self._closing:
            _LOG.warning("the connection to NATS is lost; devices on this node stay usable")
            self._tell(up=False)

    def _tell(self, *, up: bool) -> None:
        for listener in self._listeners:
            listener(up)

    def _live(self) -> Client:
        if self._client is None or not self._client.is_connected:
            raise away()
        return self._client

    # Messages

    async def _send(self, client: Client, subject: str, packed: bytes, reply: str = "") -> None:
        from nats import errors

        if len(packed) > client.max_payload:
            raise too_large(len(packed), client.max_payload)
        try:
            await client.publish(subject, packed, reply)
        except (errors.Error, OSError):
            raise away(sent=True) from None

    async def _begin(self, client: Client, subscription: NatsSubscription) -> None:
        from nats import errors

        async def received(message: Msg) -> None:
            await self._received(client, subscription.handler, message)

        # When the connection goes in this very moment, the next one begins with all subscriptions.
        with suppress(errors.Error, OSError):
            native = await client.subscribe(subscription.subject, subscription.queue, cb=received)
            if subscription.number in self._subscriptions:
                subscription.native = native
            else:
                await native.unsubscribe()

    async def _received(self, client: Client, handler: Handler, message: Msg) -> None:
        answer = partial(self._give, client, message.reply)
        try:
            data = await unpack(message.data)
        except Problem as problem:
            if message.reply:
                await answer(pack_problem(problem))
            return
        if message.reply:
            await self._answering.ask(handler, Message(message.subject, data, asks=True), answer)
        else:
            await self._answering.tell(handler, Message(message.subject, data, asks=False))

    async def _give(self, client: Client, reply: str, packed: bytes) -> None:
        try:
            await self._send(client, reply, packed)
        except Problem as problem:
            if problem.code is not ProblemCode.TOO_LARGE:
                raise
            await self._send(client, reply, pack_problem(problem))

    async def _answered(self, message: Msg) -> None:
        waiting = self._waiting.get(message.subject.rpartition(".")[2])
        if waiting is None or waiting.done():
            return
        if message.headers and message.headers.get("Status") == NO_RESPONDERS:
            waiting.set_exception(nobody())
        else:
            waiting.set_result(message.data)

    async def _forget(self, subscription: NatsSubscription) -> None:
        self._subscriptions.pop(subscription.number, None)
        native, subscription.native = subscription.native, None
        if native is None:
            return
        # What the server has passed on already is answered still; nobody has to wait for that.
        task = asyncio.create_task(drained(native))
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)


class NatsSubscription:
    """One subscription, on whichever connection there is."""

    def __init__(self, bus: NatsBus, number: int, subject: str, handler: Handler, queue: str) -> None:
        self.number = number
        self.subject = subject
        self.handler = handler
        self.queue = queue
        self.native: NativeSubscription | None = None
        self._bus = bus

    async def close(self) -> None:
        """Listen no more."""
        await self._bus._forget(self)
