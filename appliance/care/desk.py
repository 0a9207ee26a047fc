"""Backup, restore, factory reset and support bundles as the pages use them: one thing at a time, told on the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from appliance.anew import Anew
from appliance.care.contents import Manifest, workspaces
from appliance.care.pending import Pending, plan
from appliance.care.places import clear_staged, left_over_words
from appliance.care.reading import Reading
from appliance.care.resetting import prepare, reboot, unmark
from appliance.care.saving import Cancelled, SavedFiles
from appliance.config import Settings
from appliance.layout import Layout
from gateway.care.types import SHORTEST_PASSPHRASE, CarePhase, CareState, Checked, Saved
from gateway.events.publisher import Publisher
from gateway.events.types import CareChanged
from gateway.updates.types import BUSY, UpdatePhase
from gateway.workspaces.open_files import OpenFile
from protocol.problems import Problem, ProblemCode

KEPT: Final = timedelta(hours=1)
"""How long a backup lies ready: it takes room, and is as good as the device itself to whoever knows its passphrase."""
_LOOK_SECONDS: Final = 60.0
_UPDATING: Final = BUSY | {UpdatePhase.INSTALLED}
_COUNTED: Final = frozenset({CarePhase.SAVING, CarePhase.READING})
_WORDS: Final = {
    CarePhase.IDLE: "",
    CarePhase.SAVING: "A backup is being made. Wait until it is through, or give it up.",
    CarePhase.READING: "A backup is being brought. Wait until it is through, or give it up.",
    CarePhase.RESTARTING: "The device is about to start anew. Wait until it is back.",
}
"""Why nothing else is begun."""


class CareDesk:
    """Implements :class:`gateway.care.types.Care`. ``name`` is the device's, ``updating`` how an update stands."""

    def __init__(
        self,
        settings: Settings,
        layout: Layout,
        bus: Publisher,
        *,
        name: str,
        updating: Callable[[], UpdatePhase],
        anew: Anew,
    ) -> None:
        self._settings = settings
        self._layout = layout
        self._bus = bus
        self._name = name
        self._updating = updating
        self._anew = anew
        self._files = SavedFiles(settings, layout)
        self._state = CareState()
        self._saved: Saved | None = None
        self._saving: asyncio.Task[Saved] | None = None
        self._reading: Reading | None = None
        self._checked: Checked | None = None
        self._checked_at = datetime.now(UTC)
        self._turn = asyncio.Lock()
        self._helping = asyncio.Lock()

    async def run(self) -> None:
        """Clear away what an earlier run left, forget what lies for long; until cancelled."""
        try:
            await self._clear_away()
            while True:
                await asyncio.sleep(_LOOK_SECONDS)
                await self._forget_old(datetime.now(UTC) - KEPT)
        finally:
            # Threads that wait would keep the daemon from ending.
            self._files.cancelled.set()
            if self._saving is not None:
                await asyncio.wait({self._saving})
            if self._reading is not None:
                await self._reading.close()

    def state(self) -> CareState:
        """What is being done."""
        return self._state

    def saved(self) -> Saved | None:
        """The backup that can be fetched."""
        return self._saved

    def checked(self) -> Checked | None:
        """The backup that can be restored."""
        return self._checked

    def received(self) -> int:
        """Bytes of the backup that is being brought."""
        return self._reading.received if self._reading is not None else 0

    async def folders(self) -> tuple[str, ...]:
        """The folders of the workspace."""
        return await asyncio.to_thread(workspaces, self._layout)

    async def save(self, passphrase: str, folders: tuple[str, ...]) -> Awaitable[Saved]:
        """Begin a backup."""
        check_passphrase(passphrase)
        async with self._turn:
            self._refuse_busy()
            if missing := sorted(set(folders) - set(await self.folders())):
                raise Problem(
                    ProblemCode.NOT_FOUND, f"There is no folder {missing[0][:200]} in the workspace. Reload the page."
                )
            self._saved = None
            self._files.cancelled.clear()
            self._tell(CareState(CarePhase.SAVING, detail="copying the device's data"))
            self._saving = asyncio.create_task(self._save(passphrase, tuple(dict.fromkeys(folders))))
            return self._saving

    async def fetch(self) -> OpenFile:
        """The backup, open."""
        if self._saved is None:
            raise Problem(ProblemCode.NOT_FOUND, "No backup lies ready. Make one, and fetch it within the hour.")
        return await asyncio.to_thread(self._files.open, self._saved)

    async def forget(self) -> None:
        """Give up the backup that is made, remove the one that lies ready."""
        self._files.cancelled.set()
        if self._saving is not None:
            await asyncio.wait({self._saving})
        self._saved = None
        await asyncio.to_thread(self._files.clear)
        self._tell(self._state)

    async def bring(self, passphrase: str, size: int) -> None:
        """A backup is going to come."""
        check_passphrase(passphrase)
        async with self._turn:
            self._refuse_busy(but=CarePhase.READING)
            await self._drop()
            self._reading = await Reading.begin(self._layout, passphrase, size)
            self._tell(CareState(CarePhase.READING))

    async def piece(self, offset: int, data: bytes) -> int:
        """Take the next piece."""
        async with self._turn:
            reading = self._reading
            if reading is None:
                raise Problem(ProblemCode.NOT_FOUND, "No backup is being brought. Begin anew.")
            try:
                manifest = await reading.put(offset, data)
            except Problem as problem:
                if problem.code is not ProblemCode.OUT_OF_ORDER:
                    await self._drop()
                    self._tell(CareState(problem=problem.message))
                raise
            if manifest is None:
                self._advance(reading.percent)
            elif self._checked is None:
                self._checked = _checked(manifest)
                self._checked_at = datetime.now(UTC)
                self._tell(CareState())
            return reading.received

    async def give_up(self) -> None:
        """Forget the backup that was brought."""
        async with self._turn:
            if self._reading is not None:
                await self._drop()
                self._tell(CareState())

    async def restore(self) -> None:
        """Start anew as what was brought."""
        async with self._turn:
            if self._checked is None:
                raise Problem(ProblemCode.NOT_FOUND, "No backup was brought and found good. Bring one first.")
            self._refuse_busy()
            await asyncio.to_thread(plan, self._layout, Pending(what="restore"))
            self._anew.ask()
            self._tell(CareState(CarePhase.RESTARTING, detail=f"as the backup of {self._checked.device} has it"))

    async def reset(self, name: str, *, workspace: bool) -> None:
        """Start anew as a new device."""
        if name.strip() != self._name:
            raise Problem(
                ProblemCode.INVALID_REQUEST,
                f"This device is called {self._name}. Nothing was changed; give its name if you mean it.",
                {"field": "name"},
            )
        async with self._turn:
            self._refuse_busy()
            if await asyncio.to_thread(prepare, self._settings, self._layout, workspace=workspace):
                await self._reboot()
            else:
                self._anew.ask()
            self._tell(CareState(CarePhase.RESTARTING, detail="as a new device"))

    async def support(self) -> OpenFile:
        """A support bundle, open."""
        async with self._helping:
            return await asyncio.to_thread(self._files.support)

    async def _save(self, passphrase: str, folders: tuple[str, ...]) -> Saved:
        loop = asyncio.get_running_loop()

        def told(percent: int) -> None:
            loop.call_soon_threadsafe(self._advance, percent)

        state = CareState()
        try:
            self._saved = await asyncio.to_thread(self._files.write, passphrase, folders, told)
        except Problem as problem:
            state = CareState(problem=problem.message)
            raise
        except Cancelled:
            raise Problem(ProblemCode.CONFLICT, "The backup was given up.") from None
        finally:
            if self._saved is None:
                await asyncio.to_thread(self._files.clear)
            self._tell(state)
        return self._saved

    async def _reboot(self) -> None:
        try:
            await reboot()
        except Problem:
            await asyncio.to_thread(unmark, self._layout)
            raise

    async def _clear_away(self) -> None:
        async with self._turn:
            if self._state.phase is not CarePhase.IDLE:
                return  # somebody was faster, and has made room already
            await asyncio.to_thread(self._files.clear)
            await asyncio.to_thread(clear_staged, self._layout)
            if words := await asyncio.to_thread(left_over_words, self._layout):
                self._tell(CareState(problem=words))

    async def _forget_old(self, before: datetime) -> None:
        if self._saved is not None and self._saved.made_at < before:
            await self.forget()
        async with self._turn:
            expired = self._checked is not None and self._checked_at < before
            if self._reading is not None and (expired or self._reading.broken is not None):
                problem = self._reading.broken
                await self._drop()
                self._tell(CareState(problem=problem.message if problem is not None else ""))

    async def _drop(self) -> None:
        """Let go of what was brought, and of what is unpacked of it."""
        reading, self._reading, self._checked = self._reading, None, None
        if reading is not None:
            await reading.close()
            await asyncio.to_thread(clear_staged, self._layout)

    def _refuse_busy(self, but: CarePhase = CarePhase.IDLE) -> None:
        """Refuse while something else goes on. Raises Problem CONFLICT."""
        if self._state.phase not in {CarePhase.IDLE, but}:
            raise Problem(ProblemCode.CONFLICT, _WORDS[self._state.phase])
        if self._updating() in _UPDATING:
            raise Problem(ProblemCode.CONFLICT, "An update is under way. Wait until it is through, then try again.")

    def _advance(self, percent: int) -> None:
        if self._state.phase in _COUNTED and percent != self._state.percent:
            self._tell(replace(self._state, percent=percent))

    def _tell(self, state: CareState) -> None:
        self._state = state
        self._bus.publish(
            CareChanged(phase=state.phase.value, percent=state.percent, detail=state.detail, problem=state.problem)
        )


def check_passphrase(passphrase: str) -> None:
    """Refuse one that is too short to be any use. Raises Problem INVALID_REQUEST."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"A passphrase has at least {SHORTEST_PASSPHRASE} characters. Take more.",
            {"field": "passphrase"},
        )


def _checked(manifest: Manifest) -> Checked:
    return Checked(
        device=manifest.name,
        version=manifest.hutch,
        made_at=manifest.made_at,
        size=manifest.size,
        files=manifest.files,
        folders=manifest.workspaces,
    )
