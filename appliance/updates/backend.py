"""What differs between the ways of updating; :class:`appliance.updates.updater.DeviceUpdater` drives any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.updates.state import Trial
from gateway.updates.types import Slot


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """What a bundle says of itself, once its signature was found right."""

    version: str
    manifest: str = ""
    """The hash (hex) of what is signed, where the way of updating has one."""


Told = Callable[[int, str], None]
"""Progress of an installation: percent (0 to 100), and what is done, for a person."""


class Backend(Protocol):
    """Two places for a version, and the way to start from the other. Every Problem says what to do."""

    async def inspect(self, bundle: Path) -> BundleInfo:
        """Check that a bundle is whole, signed by somebody trusted and made for this device. Changes nothing.

        Problem BUNDLE_REFUSED when it is not; CLOCK_WRONG where the device's clock makes it look so.
        """

    async def install(self, bundle: Path, told: Told) -> None:
        """Write it to the place that does not run, and have the next start come from there."""

    async def writing(self) -> bool:
        """Whether an installation goes on, of this daemon or of one before it."""

    async def slots(self) -> tuple[Slot, ...]:
        """The places, the running one first."""

    async def commit(self) -> None:
        """The running version stays; the start that led to it counts as a good one."""

    async def stay(self) -> None:
        """Another version was tried and is not to be started again: the running one is the next, too."""

    async def restart(self) -> None:
        """Start anew, from the place that is next. Returns before it happens."""

    async def passed(self) -> bool:
        """Whether the boot checks of this start are through, and went well."""

    async def why_back(self, trial: Trial) -> str:
        """Why a version that was tried does not run, in sentences for a person."""
