"""Which way of updating this machine has, and everything about updates that the daemon runs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from appliance.config import Settings
from foundation.store.settings import SettingsTable
from gateway.events.publisher import Publisher
from gateway.updates.desk import UpdateDesk
from gateway.updates.none import NoUpdater
from gateway.updates.preferences import UpdatePreferences, Window
from gateway.updates.types import Updater
from gateway.updates.uploads import BundleUploads

if TYPE_CHECKING:
    from appliance.updates.updater import DeviceUpdater
    from appliance.updates.window import Scheduler

_NO_UPDATES: Final = (
    "This device cannot update itself: it is neither Hutch's image nor an installation with release folders. "
    "Install the newer version on the machine and start Hutch again."
)


@dataclass(frozen=True, slots=True)
class HubSide:
    """What updates and the link to the hub have to do with each other."""

    online: Callable[[], bool]
    """Whether the hub is reached right now."""
    committed: Callable[[], None]
    """Called when a version that was tried stays."""


@dataclass(frozen=True, slots=True)
class Updates:
    """What the pages use, and what runs beside them."""

    desk: UpdateDesk
    device_updater: DeviceUpdater | None
    scheduler: Scheduler | None

    async def start(self) -> None:
        """Find out what became of an update that was under way."""
        if self.device_updater is not None:
            await self.device_updater.start()

    async def run(self) -> None:
        """Settle what is open and commit this start; returns when that is done."""
        if self.device_updater is not None:
            await self.device_updater.run()

    async def schedule(self) -> None:
        """Look at the clock; until cancelled. Returns at once where nothing can be updated."""
        if self.scheduler is not None:
            await self.scheduler.run()


def make_updates(
    settings: Settings,
    folder: Path,
    table: SettingsTable,
    bus: Publisher,
    *,
    version: str,
    device_id: str,
    has_rauc: bool,
    hub: HubSide,
) -> Updates:
    """The updates of this machine, by what is on it.

    Raises Problem INVALID_REQUEST for a window in the settings that is none.
    """
    preferences = UpdatePreferences(
        table,
        channel=settings.update_channel,
        automatic=settings.update_automatic,
        window=None if settings.update_window is None else Window.parse(settings.update_window),
    )
    device_updater = None
    if has_rauc:
        device_updater = _rauc_updater(settings, folder, bus, version, hub)
    elif from_release_folder(settings.releases):
        device_updater = _folder_updater(settings, folder, bus, version, hub)
    updater: Updater = device_updater or NoUpdater(_NO_UPDATES)
    scheduler = None
    if device_updater is not None:
        from appliance.updates.window import Scheduler

        scheduler = Scheduler(device_updater, preferences.get, running=version, seed=device_id)
    return Updates(UpdateDesk(updater, preferences, BundleUploads(folder)), device_updater, scheduler)


def from_release_folder(releases: Path, prefix: str = sys.prefix) -> bool:
    """Whether this program runs from one of the release folders."""
    return Path(prefix).resolve().parent == (releases / "releases").resolve()


def _folder_updater(settings: Settings, folder: Path, bus: Publisher, version: str, hub: HubSide) -> DeviceUpdater:
    # Loaded here: only an installation with release folders has them.
    from appliance.updates.folders.backend import SUFFIX, FolderBackend, start_id
    from appliance.updates.folders.places import Places
    from appliance.updates.media import Media
    from appliance.updates.progress import Progress
    from appliance.updates.state import StateFiles
    from appliance.updates.updater import DeviceUpdater

    files = StateFiles(folder)
    return DeviceUpdater(
        FolderBackend(
            Places(settings.releases),
            settings.release_keys,
            version=version,
            end=lambda: os.kill(os.getpid(), signal.SIGTERM),
        ),
        files,
        Progress(files, bus),
        running=version,
        channel=settings.update_channel,
        hub_online=hub.online,
        committed=hub.committed,
        media=Media(suffix=SUFFIX),
        boot=start_id,
    )


def _rauc_updater(settings: Settings, folder: Path, bus: Publisher, version: str, hub: HubSide) -> DeviceUpdater:
    # Loaded here: a device that cannot update itself does without.
    from appliance.updates.bus import system_bus
    from appliance.updates.media import Media
    from appliance.updates.progress import Progress
    from appliance.updates.rauc.backend import RaucBackend
    from appliance.updates.rauc.history import History
    from appliance.updates.state import StateFiles
    from appliance.updates.udisks import mounting
    from appliance.updates.updater import DeviceUpdater

    address = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")
    files = StateFiles(folder)
    backend = RaucBackend(lambda: system_bus(address), History(settings.boot_folder), version=version)
    return DeviceUpdater(
        backend,
        files,
        Progress(files, bus),
        running=version,
        channel=settings.update_channel,
        hub_online=hub.online,
        committed=hub.committed,
        media=Media(mount=mounting(lambda: system_bus(address))),
        streams=backend,
    )
