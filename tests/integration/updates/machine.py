"""A machine of files: a bus of its own, the real RAUC on it with two slots, and a logind that only remembers."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from dbus_fast.aio import MessageBus
from dbus_fast.message import Message

from appliance.logind import LOGIND
from appliance.updates.bus import Connect, Target, system_bus
from appliance.updates.rauc.client import SERVICE
from tests.integration.updates.signing import COMPATIBLE

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""
_BOOT_LOADER = """#!/bin/sh
cd '{folder}' || exit 1
case "$1" in
  get-primary) cat primary ;;
  set-primary) printf %s "$2" >primary ;;
  get-state) cat "state-$2" ;;
  set-state) [ ! -p gate ] || read -r _ <gate; printf %s "$3" >"state-$2" ;;
esac
"""
_SYSTEM = """[system]
compatible={compatible}
bootloader=custom
mountprefix={folder}/mnt
statusfile={folder}/rauc.status

[handlers]
bootloader-custom-backend={folder}/boot-loader.sh

[keyring]
path={keyring}
check-purpose=codesign

[slot.rootfs.0]
device={folder}/slot-a
type=raw
bootname=A

[slot.rootfs.1]
device={folder}/slot-b
type=raw
bootname=B
"""
_DRIVER = Target("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


class Logind:
    """Stands for org.freedesktop.login1: answers Reboot, and remembers it."""

    def __init__(self) -> None:
        self.reboots = 0
        self.answers: Callable[[Message], Message | None] = self._reboot

    def answer(self, message: Message) -> Message | None:
        """A handler of messages; what it does is exchanged by tests."""
        return self.answers(message)

    def _reboot(self, message: Message) -> Message | None:
        if (message.interface, message.member, message.signature) != (LOGIND.interface, "Reboot", "b"):
            return None
        self.reboots += 1
        return Message.new_method_return(message)


class Machine:
    """Files of a machine with slots A and B, of which A runs at first."""

    def __init__(self, folder: Path, keyring: Path) -> None:
        self.folder = folder
        self.logind = Logind()
        self.boot_id = "boot-1"
        self._rauc: subprocess.Popen[bytes] | None = None
        self._write(keyring)

    @property
    def connect(self) -> Connect:
        """How this machine's bus is reached."""
        return lambda: system_bus(self.address)

    @property
    def primary(self) -> str:
        """The bootname of the slot that is next."""
        return (self.folder / "primary").read_text()

    def slot(self, name: str, size: int) -> bytes:
        """The first bytes of a slot."""
        with (self.folder / f"slot-{name.lower()}").open("rb") as file:
            return file.read(size)

    async def boot(self, slot: str) -> None:
        """Start RAUC anew, as after a start of the machine from this slot."""
        self.stop_rauc()
        self.boot_id = f"{self.boot_id}+"
        await self._start_rauc(slot)

    def stop_rauc(self) -> None:
        """As a crash would."""
        if self._rauc is not None:
            self._rauc.kill()
            self._rauc.wait()
            self._rauc = None

    @property
    def address(self) -> str:
        """Where the bus is."""
        return f"unix:path={self.folder}/bus"

    def _write(self, keyring: Path) -> None:
        (self.folder / "mnt").mkdir(parents=True)
        (self.folder / "bus.conf").write_text(_BUS.format(socket=self.folder / "bus"))
        loader = self.folder / "boot-loader.sh"
        loader.write_text(_BOOT_LOADER.format(folder=self.folder))
        loader.chmod(0o755)
        (self.folder / "system.conf").write_text(
            _SYSTEM.format(folder=self.folder, compatible=COMPATIBLE, keyring=keyring)
        )
        for name, content in {"primary": "A", "state-A": "good", "state-B": "good"}.items():
            (self.folder / name).write_text(content)
        for name in ("slot-a", "slot-b"):
            (self.folder / name).write_bytes(bytes(2 * 1024 * 1024))

    async def _start_rauc(self, slot: str) -> None:
        there = asyncio.Event()

        def heard(_interface: str, member: str, body: Sequence[object]) -> None:
            if member == "NameOwnerChanged" and body[2]:
                there.set()

        async with self.connect() as bus, bus.hearing(SERVICE, heard):
            self._rauc = await asyncio.to_thread(self._spawn_rauc, slot)
            async with asyncio.timeout(10):
                await there.wait()

    def _spawn_rauc(self, slot: str) -> subprocess.Popen[bytes]:
        command = ["rauc", "-c", str(self.folder / "system.conf"), f"--override-boot-slot={slot}", "service"]
        with (self.folder / "rauc.log").open("ab") as log:
            environ = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}
            return subprocess.Popen(command, env=environ, stdout=log, stderr=log)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The bus, RAUC and logind, while inside."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(asyncio.to_thread, await asyncio.to_thread(self._start_bus))
            bus = await MessageBus(bus_address=self.address).connect()
            stack.callback(bus.disconnect)
            bus.add_message_handler(self.logind.answer)
            await bus.request_name(LOGIND.destination)
            await self._start_rauc("A")
            stack.push_async_callback(asyncio.to_thread, self.stop_rauc)
            yield

    def _start_bus(self) -> _Stop:
        command = ["dbus-daemon", f"--config-file={self.folder / 'bus.conf'}", "--nofork", "--print-address"]
        with (self.folder / "bus.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        assert process.stdout is not None
        assert process.stdout.readline(), "the bus did not start"
        return _Stop(process)


class _Stop:
    """Ends a process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def __call__(self) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
