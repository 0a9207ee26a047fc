"""Where other nodes reach the devices whose socket is here: one subscription for each device.

That the subscription is there is how others know that the device is online: a bus tells at once when nobody listens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from hub.nodes.bus import Bus, Message, Subscription
from hub.nodes.calls import OpenStream, OpenWatch, garbled, read_call, write_answer
from hub.nodes.refusals import gone
from hub.nodes.relay.channel import STREAM_WINDOW, TERMINAL_WINDOW, Channel
from hub.nodes.relay.relays import Relays
from hub.nodes.relay.splice import splice
from hub.nodes.relay.watching import show
from hub.ports import Ports, ViewerName
from protocol.problems import Problem

_QUEUE = "holder"
"""While a device moves, two nodes may listen for it: each question reaches one of them, never both."""
M = TypeVar("M", bound=BaseModel)


class Door:
    """Serves this node's devices to the others. :meth:`hold` and :meth:`release` never block."""

    def __init__(self, bus: Bus, relays: Relays, local: Ports, woken: Callable[[str], None]) -> None:
        self._bus = bus
        self._relays = relays
        self._local = local
        self._woken = woken
        self._wanted: dict[str, None] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._changed: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._shown: set[asyncio.Task[None]] = set()

    def hold(self, device_id: str) -> None:
        """The device's socket is here."""
        self._wanted[device_id] = None
        self._change(device_id)

    def release(self, device_id: str) -> None:
        """It is here no more."""
        self._wanted.pop(device_id, None)
        self._change(device_id)

    def holds(self, device_id: str) -> bool:
        """Whether it is here."""
        return device_id in self._wanted

    @property
    def held(self) -> frozenset[str]:
        """All devices whose sockets are here."""
        return frozenset(self._wanted)

    async def start(self) -> None:
        """Begin to serve."""
        self._worker = asyncio.create_task(self._work())

    async def close(self) -> None:
        """End what is shown, and listen no more."""
        tasks = [*self._shown, *([self._worker] if self._worker else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for subscription in self._subscriptions.values():
            await subscription.close()

    def _change(self, device_id: str) -> None:
        self._changed[device_id] = None
        self._wake.set()

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            while self._changed:
                device_id = next(iter(self._changed))
                await self._apply(device_id)
                if self._is_applied(device_id):
                    self._changed.pop(device_id, None)
            await self._wake.wait()

    def _is_applied(self, device_id: str) -> bool:
        return (device_id in self._wanted) == (device_id in self._subscriptions)

    async def _apply(self, device_id: str) -> None:
        if device_id in self._wanted and device_id not in self._subscriptions:
            subject = f"hutch.device.{device_id}.*"
            self._subscriptions[device_id] = await self._bus.subscribe(subject, self._message, _QUEUE)
        elif device_id not in self._wanted and device_id in self._subscriptions:
            await self._subscriptions.pop(device_id).close()

    async def _message(self, message: Message) -> bytes | None:
        _, _, device_id, what = message.subject.split(".")
        if what == "call":
            return await self._call(device_id, message.data)
        if what == "watch":
            return await self._watch(device_id, _parse(OpenWatch, message.data))
        if what == "stream":
            return await self._stream(device_id, _parse(OpenStream, message.data))
        if what == "wake":
            self._woken(device_id)
        return None

    async def _call(self, device_id: str, data: bytes) -> bytes:
        command, within = read_call(data)
        return write_answer(await self._local.of(device_id).call(command, within=within))

    async def _watch(self, device_id: str, asked: OpenWatch) -> bytes:
        channel = self._relays.join(asked.channel, asked.node, TERMINAL_WINDOW)
        entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._run(self._show(device_id, asked, channel, entered))
        await entered
        return self._relays.node_id.encode()

    async def _show(self, device_id: str, asked: OpenWatch, channel: Channel, entered: asyncio.Future[None]) -> None:
        viewer = ViewerName(asked.viewer, asked.may_write)
        try:
            async with self._local.of(device_id).watch(asked.session_id, viewer) as watch:
                _settle(entered, None)
                await show(self._relays, channel, watch)
        except BaseException as error:
            _settle(entered, error if isinstance(error, Problem) else gone())
            if not isinstance(error, Problem):
                raise
        finally:
            await channel.close()

    async def _stream(self, device_id: str, asked: OpenStream) -> bytes:
        channel = self._relays.join(asked.channel, asked.node, STREAM_WINDOW)
        try:
            stream = await self._local.of(device_id).open_stream()
        except BaseException:
            await channel.close()
            raise
        self._run(splice(stream, channel))
        return self._relays.node_id.encode()

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._shown.add(task)
        task.add_done_callback(self._shown.discard)


def _settle(entered: asyncio.Future[None], problem: Problem | None) -> None:
    if entered.done():
        return
    if problem is None:
        entered.set_result(None)
    else:
        entered.set_exception(problem)


def _parse(model: type[M], data: bytes) -> M:
    with suppress(ValidationError):
        return model.model_validate_json(data)
    raise garbled()
