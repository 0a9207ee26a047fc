"""Updates by release folders: a virtual environment for each version, a link to what runs, a script that tries."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from appliance.updates.backend import BundleInfo, Told
from appliance.updates.folders.archive import inspect, unpack
from appliance.updates.folders.making import make_release
from appliance.updates.folders.places import SLOTS, Places
from appliance.updates.state import Trial
from gateway.updates.types import Slot
from protocol.problems import Problem, ProblemCode

log = structlog.get_logger(__name__)

SUFFIX: Final = ".bundle"
_ROOM: Final = 400 * 1024**2
"""Bytes that a release folder takes beside its archive."""
RESTART_SECONDS: Final = 1.0
"""How long the daemon still runs after it was told to restart: who asked gets an answer."""


class FolderBackend:
    """Implements ``Backend``. ``version`` is that of the running program; ``end`` ends it, to be started anew."""

    def __init__(self, places: Places, keys: Path, *, version: str, end: Callable[[], None]) -> None:
        self._places = places
        self._keys = keys
        self._version = version
        self._end = end

    async def inspect(self, bundle: Path) -> BundleInfo:
        """Signature and hash."""
        statement = await asyncio.to_thread(inspect, bundle, self._keys)
        return BundleInfo(statement.version)

    async def install(self, bundle: Path, told: Told) -> None:
        """Unpack, make the release folder, have the next start try it."""
        places = self._places
        await asyncio.to_thread(places.forget_next)
        await asyncio.to_thread(self._check_room, bundle)
        told(5, "unpacking")
        try:
            unpacked = await asyncio.to_thread(unpack, bundle, self._keys, places.incoming)
            version = unpacked.name.removeprefix("hutch-")
            told(15, "installing its packages")
            await make_release(unpacked, places.folder(version), await self._free_slot(), places.log)
            told(95, "putting it in place")
            await asyncio.to_thread(places.set_next, version)
        finally:
            await asyncio.to_thread(shutil.rmtree, places.incoming, ignore_errors=True)

    async def writing(self) -> bool:
        """Never: what makes a release folder ends with this daemon."""
        return False

    async def slots(self) -> tuple[Slot, ...]:
        """A and B, the running one first."""
        return await asyncio.to_thread(self._slots)

    async def commit(self) -> None:
        """The start script has judged it; what nothing leads to any more goes."""
        await asyncio.to_thread(self._places.prune)

    async def stay(self) -> None:
        """Try nothing at the next start."""
        await asyncio.to_thread(self._places.forget_next)

    async def restart(self) -> None:
        """End this daemon; systemd starts it anew, and the start script takes the next release."""
        asyncio.get_running_loop().call_later(RESTART_SECONDS, self._end)

    async def passed(self) -> bool:
        """Whether this start is not, or no longer, watched."""
        return not await asyncio.to_thread(self._places.tried)

    async def why_back(self, trial: Trial) -> str:
        """What the start script wrote down, and what its checks found."""
        back = await asyncio.to_thread(self._places.taken_back)
        if back is None or back.version != trial.version:
            return f"Version {trial.version} was not started. See the log of the service: journalctl -u hutch."
        verdict = await asyncio.to_thread(self._places.verdict)
        if "checks failed" in back.reason and verdict is not None and not verdict.ok:
            return f"Version {trial.version} started, and its checks failed. {verdict.words()}"
        return f"Version {trial.version} was taken back. {back.reason}"

    def _slots(self) -> tuple[Slot, ...]:
        places = self._places
        current, other = places.led_to("current"), places.led_to("next") or places.led_to("previous")
        name = current.slot if current is not None else SLOTS[0]
        free = SLOTS[1 - SLOTS.index(name)]
        if other is not None and other.slot != free:
            other = None
        waits = places.led_to("next") is not None
        return (
            Slot(name=name, version=self._version, running=True, next=not waits, good=not places.tried()),
            Slot(
                name=free,
                version=other.version if other is not None else None,
                running=False,
                next=waits,
                good=other is not None and not waits,
            ),
        )

    async def _free_slot(self) -> str:
        return next(slot.name for slot in await self.slots() if not slot.running)

    def _check_room(self, bundle: Path) -> None:
        free, needed = shutil.disk_usage(self._places.top).free, bundle.stat().st_size * 2 + _ROOM
        if free < needed:
            raise Problem(
                ProblemCode.DISK_FULL,
                f"The update needs {needed // 1024**2} MiB in {self._places.top}, and {free // 1024**2} MiB are free. "
                "Delete what is not needed, then try again.",
                {"needed": needed, "free": free},
            )


def start_id() -> str:
    """The name of this start of the daemon, by which a later one is told from it; from the start script."""
    return os.environ.get("HUTCH_START", "")
