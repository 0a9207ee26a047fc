"""One connection to the machine's D-Bus, for as long as something is asked there.

dbus-fast is loaded with the first connection: a daemon that never updates does without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus
    from dbus_fast.message import Message

CALL_SECONDS = 30.0
"""How long an answer may take, where the caller does not say otherwise."""


class Refused(Exception):
    """An error that the other end answered: its D-Bus name, and its words."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(f"{name}: {words}")
        self.name = name
        self.words = words


@dataclass(frozen=True, slots=True)
class Target:
    """An interface of an object on the bus."""

    destination: str
    path: str
    interface: str


Heard = Callable[[str, str, Sequence[object]], None]
"""Called with interface, member and body of a signal; variants are unwrapped."""


class Bus:
    """A connection."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus

    async def call(
        self,
        target: Target,
        member: str,
        signature: str = "",
        body: Sequence[object] = (),
        *,
        seconds: float = CALL_SECONDS,
    ) -> list[object]:
        """Call a method and return what it answers, variants unwrapped.

        Raises :class:`Refused` for what the other end refuses, Problem TIMEOUT where it does not answer.
        """
        from dbus_fast.constants import MessageType
        from dbus_fast.message import Message
        from dbus_fast.unpack import unpack_variants

        message = Message(
            destination=target.destination,
            path=target.path,
            interface=target.interface,
            member=member,
            signature=signature,
            body=list(body),
        )
        try:
            async with asyncio.timeout(seconds):
                reply = await self._bus.call(message)
        except TimeoutError:
            raise Problem(
                ProblemCode.TIMEOUT, f"{target.destination} does not answer. See its log: journalctl -u rauc."
            ) from None
        if reply is None:
            raise Refused("", "no answer")
        if reply.message_type is MessageType.ERROR:
            raise Refused(reply.error_name or "", str(reply.body[0]) if reply.body else "")
        unpacked: list[object] = unpack_variants(reply.body)
        return unpacked

    async def get(self, target: Target, name: str) -> object:
        """A property. Raises as :meth:`call`."""
        properties = Target(target.destination, target.path, "org.freedesktop.DBus.Properties")
        return (await self.call(properties, "Get", "ss", [target.interface, name]))[0]

    @asynccontextmanager
    async def hearing(self, sender: str, heard: Heard) -> AsyncIterator[None]:
        """Hear the signals of a service while inside, and when its name changes hands (NameOwnerChanged)."""
        from dbus_fast.constants import MessageType
        from dbus_fast.unpack import unpack_variants

        def handle(message: Message) -> None:
            if message.message_type is MessageType.SIGNAL:
                heard(message.interface or "", message.member or "", unpack_variants(message.body))

        driver = Target("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        owner = f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{sender}'"
        for rule in (f"type='signal',sender='{sender}'", owner):
            await self.call(driver, "AddMatch", "s", [rule])
        self._bus.add_message_handler(handle)
        try:
            yield
        finally:
            self._bus.remove_message_handler(handle)


Connect = Callable[[], "_Connection"]


class _Connection:
    """What :func:`system_bus` gives: to be entered."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._bus: MessageBus | None = None

    async def __aenter__(self) -> Bus:
        from dbus_fast.aio import MessageBus
        from dbus_fast.constants import BusType
        from dbus_fast.errors import DBusError

        try:
            async with asyncio.timeout(CALL_SECONDS):
                self._bus = await MessageBus(bus_address=self._address, bus_type=BusType.SYSTEM).connect()
        except (OSError, DBusError, EOFError, TimeoutError) as error:
            raise Problem(
                ProblemCode.UNAVAILABLE, "The machine's D-Bus does not answer, so its system cannot be asked."
            ) from error
        return Bus(self._bus)

    async def __aexit__(self, *_: object) -> None:
        if self._bus is not None:
            self._bus.disconnect()
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


def system_bus(address: str | None = None) -> _Connection:
    """A connection to the system's bus, or to another one at ``address``; use it with ``async with``."""
    return _Connection(address)
