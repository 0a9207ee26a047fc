"""Updates of the image: RAUC for the slots, logind for the restart, the boot folder for what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from appliance.logind import reboot
from appliance.updates.backend import BundleInfo, Told
from appliance.updates.bus import Connect
from appliance.updates.rauc.client import Contents, RaucClient
from appliance.updates.rauc.history import History
from appliance.updates.rauc.problems import problem_of
from appliance.updates.state import Trial, boot_id
from gateway.updates.types import Slot


class RaucBackend:
    """Implements ``Backend`` and ``Streams``. ``version`` is that of the running program."""

    def __init__(self, connect: Connect, history: History, *, version: str, boot: Callable[[], str] = boot_id) -> None:
        self._connect = connect
        self._rauc = RaucClient(connect)
        self._history = history
        self._version = version
        self._boot = boot

    async def inspect(self, bundle: Path) -> BundleInfo:
        """Signature, kind of device, version."""
        return await self._ours(await self._rauc.inspect(bundle))

    async def _ours(self, contents: Contents) -> BundleInfo:
        ours = await self._rauc.compatible()
        if contents.compatible != ours:
            raise problem_of(f"compatible mismatch: {contents.compatible}", compatible=ours)
        return BundleInfo(contents.version, contents.manifest)

    async def look(self, url: str) -> BundleInfo | None:
        """Only an adaptive bundle is of use there: another one is fetched as a whole, and a download can go on."""
        contents = await self._rauc.look(url)
        if contents is None or not contents.adaptive or not contents.manifest:
            return None
        return await self._ours(contents)

    async def stream(self, url: str, manifest: str, told: Told) -> None:
        """RAUC reads it over HTTP itself, and each block of it is checked against the signed manifest."""
        await self._rauc.stream(url, manifest, told)

    async def install(self, bundle: Path, told: Told) -> None:
        """Into the other slot; RAUC makes it the next one as its last step."""
        await self._rauc.install(bundle, told)

    async def writing(self) -> bool:
        """Whether RAUC is at work."""
        return await self._rauc.busy()

    async def slots(self) -> tuple[Slot, ...]:
        """A and B, the running one first."""
        found, primary = await self._rauc.slots()
        slots = [
            Slot(
                name=status.bootname,
                version=self._version if status.state == "booted" else status.version,
                running=status.state == "booted",
                next=name == primary,
                good=status.boot_status == "good",
            )
            for name, status in found
        ]
        return tuple(sorted(slots, key=lambda slot: (not slot.running, slot.name)))

    async def commit(self) -> None:
        """Mark the running slot as good."""
        await self._rauc.mark("good", "booted")

    async def stay(self) -> None:
        """Make the running slot the active one."""
        await self._rauc.mark("active", "booted")

    async def restart(self) -> None:
        """Have logind restart the machine."""
        await reboot(self._connect, "Restart it by hand, or try again.")

    async def passed(self) -> bool:
        """Whether this boot has a good verdict."""
        return await asyncio.to_thread(lambda: self._history.passed(self._boot()))

    async def why_back(self, trial: Trial) -> str:
        """From the boot folder."""
        return await asyncio.to_thread(self._history.why, trial)
