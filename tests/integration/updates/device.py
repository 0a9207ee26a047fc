"""The updater of a device, as the daemon has it, with the machine below it exchanged for one of files."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from appliance.updates.media import Media
from appliance.updates.progress import Progress
from appliance.updates.rauc.backend import RaucBackend
from appliance.updates.rauc.history import History
from appliance.updates.state import StateFiles
from appliance.updates.updater import DeviceUpdater
from appliance.updates.verdict import CheckResult, VerdictFile, write_verdict
from gateway.events.types import AnyEvent, UpdateChanged
from gateway.updates.types import UpdatePhase
from tests.integration.updates.machine import Machine
from tests.unit.gateway.recorder import Recorder


class UpdatedDevice:
    """Starts and stops the updater; ``restart_machine`` is what the boot loader and the units of the image do."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.machine = machine
        self.folder = folder / "updates"
        self.files = StateFiles(self.folder)
        self.boot = folder / "hutch-boot"
        self.boot.mkdir()
        self.stick = folder / "media" / "stick"
        self.stick.mkdir(parents=True)
        self.channel: str | None = None
        self.hub_online = False
        self.recorder = Recorder()
        self._task: asyncio.Task[None] | None = None
        self._mounts = folder / "mounts"
        self._mounts.write_text(f"/dev/sda1 {self.stick} vfat ro 0 0\n")
        self._moved = asyncio.Event()

    async def start(self, version: str) -> None:
        """Start the daemon's updater, as this version of it."""
        self.version = version
        files = self.files
        connect, boot = self.machine.connect, lambda: self.machine.boot_id
        self.backend = RaucBackend(connect, History(self.boot), version=version, boot=boot)
        self.updater = DeviceUpdater(
            self.backend,
            files,
            Progress(files, self.recorder),
            running=version,
            channel=self.channel,
            hub_online=lambda: self.hub_online,
            media=Media(mounts=self._mounts, roots=[self.stick.parent]),
            streams=self.backend,
            boot=boot,
            pause=self._pause,
        )
        await self.updater.start()
        self._task = asyncio.create_task(self.updater.run())

    async def stop(self) -> None:
        """Stop it, as a restart of the daemon does."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def restart_machine(self, slot: str, version: str) -> None:
        """Start the machine from a slot that holds this version."""
        await self.stop()
        await self.machine.boot(slot)
        with (self.boot / "attempts.jsonl").open("a") as file:
            line = {"slot": slot, "version": version, "at": "1970-01-01T00:00:00Z", "boot_id": self.machine.boot_id}
            file.write(json.dumps(line) + "\n")
        await self.start(version)

    async def judge(self, *failed: CheckResult) -> None:
        """What ``hutch boot-check`` writes in this boot."""
        verdict = VerdictFile(
            ok=not failed, version=self.version, boot_id=self.machine.boot_id, at=datetime.now(UTC), checks=failed
        )
        await asyncio.to_thread(write_verdict, self.boot / "verdict.json", verdict)
        self._moved.set()

    async def until(self, phase: UpdatePhase) -> None:
        """Wait until the updater is in a phase."""
        async with asyncio.timeout(20):
            while self.updater.state().phase is not phase:
                self._moved.set()
                await asyncio.to_thread(lambda: None)

    async def until_not(self, phase: UpdatePhase) -> None:
        """Wait until the updater is in another phase."""
        async with asyncio.timeout(20):
            while self.updater.state().phase is phase:
                self._moved.set()
                await asyncio.to_thread(lambda: None)

    async def settled(self) -> None:
        """Wait until nothing is open any more."""
        assert self._task is not None
        self._moved.set()
        async with asyncio.timeout(20):
            await self._task

    def on_phase(self, phase: UpdatePhase, told: asyncio.Event) -> None:
        """Set an event when a phase is told."""
        publish = self.recorder.publish

        def watched(event: AnyEvent) -> None:
            publish(event)
            if isinstance(event, UpdateChanged) and event.phase == phase.value:
                told.set()

        self.recorder.publish = watched  # type: ignore[method-assign]

    def phases(self) -> list[str]:
        """The phases that were told on the bus, each once in a row."""
        told = [event.phase for event in self.recorder.events if isinstance(event, UpdateChanged)]
        return [phase for at, phase in enumerate(told) if at == 0 or told[at - 1] != phase]

    async def _pause(self, _seconds: float) -> None:
        await self._moved.wait()
        self._moved.clear()
