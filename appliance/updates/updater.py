"""How a device gets to another version, whatever writes it: download, check, install, try, commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from appliance.updates.backend import Backend, BundleInfo
from appliance.updates.channel import ask_channel, is_offer
from appliance.updates.download import Downloader
from appliance.updates.media import Media
from appliance.updates.progress import Progress
from appliance.updates.state import StateFiles, Trial, boot_id
from appliance.updates.streaming import FINAL, Order, Streams, answers_ranges, check_manifest
from appliance.updates.trials import INTERRUPTED, Trials
from appliance.updates.versions import check_step, same
from gateway.updates.types import BUSY, Medium, Release, Rollback, Slot, UpdatePhase, UpdateState
from protocol.problems import Problem, ProblemCode

log = structlog.get_logger(__name__)


class DeviceUpdater:
    """Implements ``Updater`` on any backend. Call :meth:`start` before anything else, and keep :meth:`run` running.

    ``running`` is the version of this program; ``hub_online`` tells whether the hub is reached right now;
    ``committed`` is called when a version that was tried stays.
    """

    def __init__(
        self,
        backend: Backend,
        files: StateFiles,
        progress: Progress,
        *,
        running: str,
        channel: str | None,
        hub_online: Callable[[], bool],
        media: Media,
        streams: Streams | None = None,
        downloader: Downloader | None = None,
        boot: Callable[[], str] = boot_id,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._backend = backend
        self._files = files
        self._progress = progress
        self._running = running
        self._channel = channel
        self._hub_online = hub_online
        self._media = media
        self._streams = streams
        self._slots: tuple[Slot, ...] = ()
        self._downloader = downloader or Downloader(files.folder)
        self._boot = boot
        self._offered: Release | None = None
        self._working = asyncio.Lock()
        self._trials = Trials(backend, files, progress, running=running, boot=boot, pause=pause, committed=committed)

    # What is known

    def state(self) -> UpdateState:
        """Where an update stands."""
        return self._progress.state

    def offered(self) -> Release | None:
        """What the last check found."""
        return self._offered

    def last_rollback(self) -> Rollback | None:
        """The last update that was taken back, unless one went well since."""
        return self._trials.rollback

    async def slots(self) -> tuple[Slot, ...]:
        """The two places, the running one first."""
        try:
            self._slots = await self._backend.slots()
        except Problem as problem:
            # What writes a slot answers nothing else meanwhile. The running one is as it was; the other is nothing yet.
            if problem.code is not ProblemCode.CONFLICT or not self._slots:
                raise
            return tuple(
                replace(slot, next=True) if slot.running else replace(slot, version=None, next=False, good=False)
                for slot in self._slots
            )
        return self._slots

    async def media(self) -> tuple[Medium, ...]:
        """Bundles on media that can be taken out."""
        return await self._media.find()

    async def start(self) -> None:
        """Find out what became of an update that was under way when the daemon ended. Never raises a Problem."""
        await self._trials.start()

    async def run(self) -> None:
        """Settle what is open, and commit this start once its boot checks are through."""
        await self._trials.run()

    # What people, the hub and the clock ask for

    async def check(self) -> Release | None:
        """Ask the channel."""
        if self._channel is None:
            message = "There is no update channel. Set update_channel to the address of one, or upload a bundle."
            raise Problem(ProblemCode.UPDATE_UNAVAILABLE, message)
        async with self._alone():
            before = self._progress.state
            await self._progress.move(UpdatePhase.CHECKING, before.version)
            try:
                release = await ask_channel(self._channel)
                self._offered = release if is_offer(release, self._running) else None
            finally:
                # A check that fails is the asker's business; what stood there before stands again.
                await self._progress.move(before.phase, before.version, detail=before.detail, problem=before.problem)
        return self._offered

    async def install(self, url: str, sha256: str, version: str, *, downgrade: bool = False) -> str:
        """Install from where it lies when that is possible, else download and install."""
        if version and self._waits_for(version):
            return version
        async with self._alone(), self._told(version or None):
            order = Order.of(url, sha256, version, downgrade=downgrade)
            if version:
                check_step(version, self._running, downgrade=downgrade)
            streamed = await self._streamed(order)
            if streamed is not None:
                return streamed
            await self._progress.move(UpdatePhase.DOWNLOADING, version or None)
            bundle = await self._downloader.fetch(order.wanted, self._downloaded)
            return await self._put_in_place(bundle, order, ours=True)

    async def install_file(self, bundle: Path, *, downgrade: bool = False) -> str:
        """Install what is on the device."""
        async with self._alone(), self._told(None):
            await self._progress.move(UpdatePhase.VERIFYING)
            if not await asyncio.to_thread(bundle.is_file):
                message = f"There is no bundle {bundle.name} any more. Upload it again, or put the stick back in."
                raise Problem(ProblemCode.NOT_FOUND, message)
            ours = bundle.is_relative_to(self._files.folder)
            return await self._put_in_place(bundle, Order("", "", "", "", downgrade), ours=ours)

    async def restart(self) -> None:
        """Start what was installed."""
        async with self._alone():
            trial = self._progress.trial
            if self.state().phase is not UpdatePhase.INSTALLED or trial is None:
                raise Problem(ProblemCode.CONFLICT, "No update waits for a restart. Install one first.")
            self._progress.trial = trial.model_copy(update={"hub_online": self._hub_online()})
            await self._progress.move(UpdatePhase.RESTARTING, trial.version)
            try:
                await self._backend.restart()
            except Problem:
                await self._progress.move(UpdatePhase.INSTALLED, trial.version)
                raise

    # Steps

    def _waits_for(self, version: str) -> bool:
        trial = self._progress.trial
        return trial is not None and self.state().phase is UpdatePhase.INSTALLED and same(trial.version, version)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        if self._working.locked() or self.state().phase in BUSY:
            raise Problem(ProblemCode.CONFLICT, "An update is under way. Wait until it is through, then try again.")
        async with self._working:
            yield

    @asynccontextmanager
    async def _told(self, version: str | None) -> AsyncIterator[None]:
        try:
            yield
        except Problem as problem:
            await self._failed(version, problem.message)
            raise
        except BaseException:
            # What writes goes on without this daemon, and the next one finds out how it ended.
            if self.state().phase is not UpdatePhase.INSTALLING:
                await self._failed(version, INTERRUPTED)
            raise

    async def _failed(self, version: str | None, reason: str) -> None:
        waits = self._progress.trial
        try:
            if waits is None:
                await self._progress.move(UpdatePhase.FAILED, version or self.state().version, problem=reason)
            else:  # what was installed before is untouched
                await self._progress.move(UpdatePhase.INSTALLED, waits.version, problem=reason)
        except Problem as problem:  # a full disk: whoever asks still hears of it
            log.warning("the end of an update cannot be written down", reason=problem.message)

    def _downloaded(self, there: int, whole: int) -> None:
        self._progress.advance(there * 100 // whole if whole else 0, f"{there // 1024**2} MiB")

    async def _streamed(self, order: Order) -> str | None:
        """Install from the address; None where it has to be downloaded, also when this breaks off in the middle."""
        if self._streams is None or not order.may_stream:
            return None
        streams = self._streams
        try:
            await self._progress.move(UpdatePhase.VERIFYING, order.version or None)
            info = await streams.look(order.url) if await answers_ranges(order.url) else None
            if info is None:
                return None
            self._check(info, order)
            await self._write(info, lambda: streams.stream(order.url, info.manifest, self._progress.advance))
        except Problem as problem:
            if problem.code in FINAL:
                raise
            log.warning("a bundle is downloaded instead of streamed", code=problem.code, reason=problem.message)
            return None
        self._offered = None
        return info.version

    async def _put_in_place(self, bundle: Path, order: Order, *, ours: bool) -> str:
        try:
            await self._progress.move(UpdatePhase.VERIFYING, order.version or None)
            info = await self._backend.inspect(bundle)
            self._check(info, order)
            await self._write(info, lambda: self._backend.install(bundle, self._progress.advance))
        except Problem:
            # It is of no more use; after an interruption it is.
            if ours:
                await asyncio.to_thread(bundle.unlink, missing_ok=True)
            raise
        self._offered = None
        if ours:
            await asyncio.to_thread(bundle.unlink, missing_ok=True)
        return info.version

    def _check(self, info: BundleInfo, order: Order) -> None:
        if order.version and not same(order.version, info.version):
            raise Problem(
                ProblemCode.BUNDLE_REFUSED,
                f"The bundle holds version {info.version} and not {order.version}, as was announced. "
                "Nothing was installed.",
            )
        check_manifest(order, info)
        check_step(info.version, self._running, downgrade=order.downgrade)

    async def _write(self, info: BundleInfo, install: Callable[[], Awaitable[None]]) -> None:
        waits = self._progress.trial
        # Remembered before it begins: what writes may go on, and finish, while this daemon is away.
        self._progress.trial = await self._trial_of(info.version)
        await self._progress.move(UpdatePhase.INSTALLING, info.version)
        try:
            await install()
        except Problem:
            self._progress.trial = waits if waits is not None and await self._is_next(waits.slot) else None
            raise
        await self._progress.move(UpdatePhase.INSTALLED, info.version)

    async def _is_next(self, name: str) -> bool:
        """Whether a place is started next; what was begun and failed may have ended before it touched anything."""
        try:
            return any(slot.next and slot.name == name for slot in await self._backend.slots())
        except Problem:
            return False

    async def _trial_of(self, version: str) -> Trial:
        places = await self.slots()
        return Trial(
            version=version,
            slot=next((slot.name for slot in places if not slot.running), ""),
            from_version=self._running,
            installed_at=datetime.now(UTC),
            boot_id=await asyncio.to_thread(self._boot),
            hub_online=self._hub_online(),
        )
