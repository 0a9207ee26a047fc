"""What the page's backups and restores leave behind when nobody comes back for them, or the device stops meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from appliance.anew import AGAIN, Anew, start_again
from appliance.care import desk as desks
from appliance.care.desk import CareDesk
from appliance.care.feed import Feed
from appliance.care.pending import planned
from appliance.care.places import left_over
from appliance.config import Settings
from appliance.layout import Layout
from foundation.store.database import Store
from gateway.care.types import CarePhase, CareState
from gateway.store.schema import DEVICE_SCHEMA
from gateway.updates.types import UpdatePhase
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.recorder import Recorder

PASSPHRASE = "correct horse battery"
NAME = "box"


class Desk(CareDesk):
    """A desk with its loop running, and an update whose phase tests set."""

    phase = UpdatePhase.IDLE

    def __init__(self, layout: Layout, settings: Settings) -> None:
        super().__init__(settings, layout, Recorder(), name=NAME, updating=lambda: self.phase, anew=Anew())
        self.layout = layout
        self.running: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """As the daemon does."""
        self.running = asyncio.create_task(self.run())

    async def end(self) -> None:
        """As the daemon does when it stops."""
        if self.running is not None:
            self.running.cancel()
            with suppress(asyncio.CancelledError):
                await self.running

    async def until(self, state: CareState) -> None:
        """Wait for a state."""
        async with asyncio.timeout(20):
            while self.state() != state:
                await asyncio.to_thread(os.sched_yield)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    settings = Settings(data=tmp_path / "data", workspace=tmp_path / "work", authorized_keys=tmp_path / "keys")
    for folder in (settings.data, tmp_path / "work" / "novel"):
        folder.mkdir(parents=True)
    store = await Store.open(f"sqlite+aiosqlite:///{settings.data}/hutch.db", DEVICE_SCHEMA)
    await store.close()
    made = Desk(Layout.of(settings), settings)
    yield made
    await made.end()


async def saved(desk: Desk) -> bytes:
    """A whole backup."""
    await (await desk.save(PASSPHRASE, ("novel",)))
    async with await desk.fetch() as file:
        content = b""
        while block := await file.read(1024 * 1024):
            content += block
    return content


async def test_what_lies_for_long_is_forgotten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await saved(desk)
    await desk.bring(PASSPHRASE, len(whole))
    await desk.piece(0, whole)
    care = desk.layout.data / "care"
    assert (care / "restored").is_dir()
    assert desk.checked() is not None
    monkeypatch.setattr(desks, "_LOOK_SECONDS", 0)
    monkeypatch.setattr(desks, "KEPT", desks.KEPT * 0)
    desk.begin()
    async with asyncio.timeout(20):
        while desk.saved() is not None or desk.checked() is not None or (care / "restored").exists():
            await asyncio.to_thread(os.sched_yield)
    assert not (care / "saved").exists()
    with pytest.raises(Problem) as gone:
        await desk.restore()
    assert gone.value.code is ProblemCode.NOT_FOUND


async def test_a_backup_that_is_never_brought_to_its_end_is_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await saved(desk)
    monkeypatch.setattr(desks, "_LOOK_SECONDS", 0)
    monkeypatch.setattr("appliance.care.reading.Feed", partial(Feed, idle=0.1))
    await desk.bring(PASSPHRASE, len(whole))
    await desk.piece(0, whole[:100])
    desk.begin()
    await desk.until(CareState(problem="The backup was not brought to its end. Begin anew."))
    with pytest.raises(Problem) as gone:
        await desk.piece(100, whole[100:])
    assert gone.value.code is ProblemCode.NOT_FOUND


async def test_a_device_that_stops_waits_neither_for_a_backup_nor_for_a_restore(desk: Desk) -> None:
    whole = await saved(desk)
    desk.begin()
    await desk.bring(PASSPHRASE, len(whole) + 1)
    await desk.piece(0, whole)
    async with asyncio.timeout(5):
        await desk.end()
    other = Desk(desk.layout, Settings(data=desk.layout.data))
    with (desk.layout.workspace / "novel" / "large").open("wb") as file:
        file.truncate(20 * 1024**3)
    other.begin()
    saving = await other.save(PASSPHRASE, ("novel",))
    async with asyncio.timeout(5):
        await other.end()
    with pytest.raises(Problem, match="given up"):
        await saving
    assert not (desk.layout.data / "care" / "saved").exists()


async def test_a_restore_stays_out_of_the_way_of_another_one(desk: Desk) -> None:
    whole = await saved(desk)
    await desk.bring(PASSPHRASE, len(whole))
    other = Desk(desk.layout, Settings(data=desk.layout.data))
    with pytest.raises(Problem, match="Another restore is under way"):
        await other.bring(PASSPHRASE, len(whole))
    # The same person begins anew: the page was reloaded.
    await desk.bring(PASSPHRASE, len(whole))
    assert desk.received() == 0
    assert await desk.piece(0, whole) == len(whole)
    await desk.give_up()
    await other.bring(PASSPHRASE, len(whole))
    await other.give_up()


@pytest.mark.parametrize("phase", [UpdatePhase.INSTALLING, UpdatePhase.INSTALLED, UpdatePhase.TRYING])
async def test_nothing_is_reset_while_an_update_waits(desk: Desk, phase: UpdatePhase) -> None:
    desk.phase = phase
    with pytest.raises(Problem, match="An update is under way"):
        await desk.reset(NAME, workspace=False)
    assert desk.state().phase is CarePhase.IDLE
    assert await asyncio.to_thread(planned, desk.layout) is None


async def test_a_start_tells_what_could_not_be_restored_and_forgets_what_nobody_wanted(desk: Desk) -> None:
    left_over(desk.layout).joinpath("novel").mkdir(parents=True)
    staged = desk.layout.data / "care" / "restored"
    staged.mkdir()
    desk.begin()
    async with asyncio.timeout(20):
        while "novel" not in desk.state().problem:
            await asyncio.to_thread(os.sched_yield)
    assert not staged.exists()


async def test_a_full_disk_ends_a_backup_with_what_to_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.care.saving.RESERVE", 2**62)
    saving = await desk.save(PASSPHRASE, ("novel",))
    with pytest.raises(Problem) as full:
        await saving
    assert full.value.code is ProblemCode.DISK_FULL
    assert desk.state() == CareState(problem=full.value.message)
    assert not (desk.layout.data / "care" / "saved").exists()


def test_under_systemd_a_new_start_is_systemds() -> None:
    assert start_again({"NOTIFY_SOCKET": "/run/systemd/notify"}) == AGAIN != 0
