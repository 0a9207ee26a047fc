"""What this RAUC cannot do and what is not installed here, as programs on a real bus: a newer RAUC, and udisks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from dbus_fast.aio import MessageBus
from dbus_fast.message import Message
from dbus_fast.signature import Variant

from appliance.logind import LOGIND
from appliance.updates.rauc.backend import RaucBackend
from appliance.updates.rauc.client import INSTALLER, SERVICE, RaucClient
from appliance.updates.rauc.history import History
from appliance.updates.udisks import mounting
from protocol.problems import Problem, ProblemCode
from tests.integration.updates.machine import Machine

Answer = Callable[[Message], Message | None]
UDISKS = "org.freedesktop.UDisks2"


@asynccontextmanager
async def service(machine: Machine, name: str, answer: Answer) -> AsyncIterator[None]:
    """Another program on the machine's bus."""
    bus = await MessageBus(bus_address=machine.address).connect()
    bus.add_message_handler(lambda message: answer(message) if message.destination == name else None)
    await bus.request_name(name)
    try:
        yield
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


def newer_rauc(said: str | None) -> Answer:
    """RAUC from 1.9 on: InspectBundle tells the manifest, or the reason; None for ``said`` accepts."""

    def answer(message: Message) -> Message | None:
        if message.member == "Get":
            return Message.new_method_return(message, "v", [Variant("s", "hutch-arm64")])
        if message.member != "InspectBundle" or message.interface != INSTALLER.interface:
            return None
        if said is not None:
            return Message.new_error(message, "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror.Code30", said)
        update = {"compatible": Variant("s", "hutch-arm64"), "version": Variant("s", "0.2.0")}
        contents = {"update": Variant("a{sv}", update), "manifest-hash": Variant("s", "00")}
        return Message.new_method_return(message, "a{sv}", [contents])

    return answer


async def test_a_newer_rauc_tells_a_bundle_without_installing_it(machine: Machine) -> None:
    machine.stop_rauc()
    async with service(machine, SERVICE, newer_rauc(None)):
        backend = RaucBackend(machine.connect, History(machine.folder), version="0.1.0")
        assert (await backend.inspect(Path("/bundle.raucb"))).version == "0.2.0"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("signature verification failed: Verify error: certificate has expired", ProblemCode.BUNDLE_REFUSED),
        ("signature verification failed: Verify error: certificate is not yet valid", ProblemCode.CLOCK_WRONG),
    ],
)
async def test_a_newer_rauc_gives_the_reason_at_once(machine: Machine, said: str, code: ProblemCode) -> None:
    machine.stop_rauc()
    async with service(machine, SERVICE, newer_rauc(said)):
        with pytest.raises(Problem) as refused:
            await RaucClient(machine.connect).inspect(Path("/bundle.raucb"))
    assert refused.value.code is code


async def test_a_restart_that_is_not_allowed_says_so(machine: Machine) -> None:
    def refuse(message: Message) -> Message | None:
        if message.member != "Reboot":
            return None
        return Message.new_error(message, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "Not allowed.")

    machine.logind.answers = refuse
    with pytest.raises(Problem) as refused:
        await RaucBackend(machine.connect, History(machine.folder), version="0.1.0").restart()
    assert refused.value.message.startswith("The machine does not restart: Not allowed.")
    assert LOGIND.destination == "org.freedesktop.login1"


def _disk(drive: str, *, mounted: bool = False, system: bool = False) -> dict[str, dict[str, Variant]]:
    return {
        f"{UDISKS}.Block": {"Drive": Variant("o", drive), "HintSystem": Variant("b", system)},
        f"{UDISKS}.Filesystem": {"MountPoints": Variant("aay", [b"/media/x\0"] if mounted else [])},
    }


async def test_only_what_was_plugged_in_is_mounted_and_read_only(machine: Machine) -> None:
    asked: list[tuple[str, str]] = []
    stick = {f"{UDISKS}.Drive": {"Removable": Variant("b", True), "ConnectionBus": Variant("s", "usb")}}
    card = {f"{UDISKS}.Drive": {"Removable": Variant("b", False), "ConnectionBus": Variant("s", "sdio")}}
    objects = {
        "/stick": stick,
        "/card": card,
        "/new": _disk("/stick"),
        "/there": _disk("/stick", mounted=True),
        "/root": _disk("/card"),
        "/hidden": _disk("/stick", system=True),
    }

    def answer(message: Message) -> Message | None:
        if message.member == "GetManagedObjects":
            return Message.new_method_return(message, "a{oa{sa{sv}}}", [objects])
        if message.member == "Mount":
            asked.append((message.path or "", message.body[0]["options"].value))
            return Message.new_method_return(message, "s", ["/media/new"])
        return None

    async with service(machine, UDISKS, answer):
        await mounting(machine.connect)()
    assert asked == [("/new", "ro,noexec,nosuid,nodev")]


async def test_a_machine_without_udisks_mounts_nothing(machine: Machine) -> None:
    await mounting(machine.connect)()


async def test_a_machine_without_a_bus_says_so(machine: Machine) -> None:
    lost = Machine(machine.folder / "other", machine.folder / "system.conf")
    with pytest.raises(Problem) as refused:
        await RaucClient(lost.connect).compatible()
    assert refused.value.code is ProblemCode.UNAVAILABLE
