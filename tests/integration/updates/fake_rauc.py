"""A RAUC that streams, as a program on a real bus: the one of Debian 12 is too old, and containers have no nbd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dbus_fast.aio import MessageBus
from dbus_fast.message import Message
from dbus_fast.signature import Variant

from appliance.updates.rauc.client import INSTALLER, SERVICE
from tests.integration.updates.machine import Machine

MANIFEST = "5e" * 32
_SLOTS = (("rootfs.0", "A"), ("rootfs.1", "B"))


def contents(
    *, version: str = "0.2.0", compatible: str = "hutch-arm64", adaptive: tuple[bool, ...] = (True, True)
) -> dict[str, Variant]:
    """What InspectBundle of RAUC 1.15 tells of a verity bundle; ``adaptive`` says so of each image."""
    images = [
        {"slot-class": Variant("s", "rootfs"), **({"adaptive": Variant("as", ["block-hash-index"])} if has else {})}
        for has in adaptive
    ]
    update = {"compatible": Variant("s", compatible), "version": Variant("s", version)}
    return {
        "manifest-hash": Variant("s", MANIFEST),
        "update": Variant("v", Variant("a{sv}", update)),
        "images": Variant("v", Variant("aa{sv}", images)),
    }


@dataclass
class FakeRauc:
    """Answers as RAUC does; what tests change stands in its fields."""

    told: dict[str, Variant] = field(default_factory=contents)
    refuses: dict[str, str] = field(default_factory=dict)
    """What is said of a source (its beginning) when it is looked at."""
    breaks: dict[str, str] = field(default_factory=dict)
    """How the installation of a source (its beginning) ends, where it does not end well."""
    touches: bool = True
    """Whether an installation that breaks had begun to write by then."""
    knows_inspect: bool = True
    inspected: list[str] = field(default_factory=list)
    installed: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    last_error: str = ""
    primary: str = "rootfs.0"
    bus: MessageBus | None = None

    def answer(self, message: Message) -> Message | None:
        """A handler of messages."""
        handlers: Mapping[str, Callable[[Message], Message]] = {
            "Get": self._get,
            "InspectBundle": self._inspect,
            "InstallBundle": self._install,
            "GetSlotStatus": self._slots,
            "GetPrimary": lambda asked: Message.new_method_return(asked, "s", [self.primary]),
        }
        handler = handlers.get(message.member or "")
        return handler(message) if handler and message.destination == SERVICE else None

    def _get(self, message: Message) -> Message:
        known = {"Compatible": "hutch-arm64", "Operation": "idle", "LastError": self.last_error}
        return Message.new_method_return(message, "v", [Variant("s", known[message.body[1]])])

    def _inspect(self, message: Message) -> Message:
        source = str(message.body[0])
        if not self.knows_inspect:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "No such method")
        self.inspected.append(source)
        said = _of(self.refuses, source)
        if said is not None:
            return Message.new_error(message, "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror.Code30", said)
        return Message.new_method_return(message, "a{sv}", [self.told])

    def _install(self, message: Message) -> Message:
        source = str(message.body[0])
        options = {name: value.value for name, value in message.body[1].items()}
        self.installed.append((source, options))
        self.last_error = _of(self.breaks, source) or ""
        if not self.last_error or self.touches:
            self.primary = "rootfs.0" if self.last_error else "rootfs.1"
        asyncio.get_running_loop().call_soon(self._end)
        return Message.new_method_return(message)

    def _end(self) -> None:
        assert self.bus is not None
        progress = {"Progress": Variant("(isi)", [40, "Copying image to rootfs.1", 3])}
        changed = Message.new_signal(
            "/", "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", [INSTALLER.interface, progress, []]
        )
        completed = Message.new_signal("/", INSTALLER.interface, "Completed", "i", [1 if self.last_error else 0])
        for signal in (changed, completed):
            self.bus.send(signal)

    def _slots(self, message: Message) -> Message:
        slots = [
            [
                name,
                {
                    "state": Variant("s", "booted" if boot == "A" else "inactive"),
                    "bootname": Variant("s", boot),
                    "boot-status": Variant("s", "good"),
                },
            ]
            for name, boot in _SLOTS
        ]
        return Message.new_method_return(message, "a(sa{sv})", [slots])


def _of(table: Mapping[str, str], source: str) -> str | None:
    return next((said for begin, said in table.items() if source.startswith(begin)), None)


@asynccontextmanager
async def in_place_of(machine: Machine, rauc: FakeRauc) -> AsyncIterator[FakeRauc]:
    """On the machine's bus instead of the real one, while inside."""
    await asyncio.to_thread(machine.stop_rauc)
    bus = await MessageBus(bus_address=machine.address).connect()
    rauc.bus = bus
    bus.add_message_handler(rauc.answer)
    await bus.request_name(SERVICE)
    try:
        yield rauc
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
