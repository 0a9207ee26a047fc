"""Uploads in pieces, preferences and orders: what the page, REST and the command line share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foundation.store.database import Store
from foundation.store.settings import SettingsTable
from gateway.store.schema import DEVICE_SCHEMA
from gateway.updates.preferences import DEFAULT_WINDOW, Preferences, UpdatePreferences, Window
from gateway.updates.uploads import MAX_UPLOAD, BundleUploads, Upload
from protocol.problems import Problem, ProblemCode


@pytest.fixture
async def table(tmp_path: Path) -> AsyncIterator[SettingsTable]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/hutch.db", DEVICE_SCHEMA)
    yield SettingsTable(store)
    await store.close()


async def test_pieces_become_the_bundle(tmp_path: Path) -> None:
    uploads = BundleUploads(tmp_path / "updates")
    assert await uploads.put(0, 10, b"01234") == Upload(5, 10)
    assert await uploads.put(5, 10, b"56789") == Upload(10, 10)
    bundle = await uploads.take()
    assert bundle.read_bytes() == b"0123456789"
    with pytest.raises(Problem) as taken:
        await uploads.take()
    assert taken.value.code is ProblemCode.NOT_FOUND


async def test_a_piece_that_does_not_follow_says_where_to_go_on(tmp_path: Path) -> None:
    uploads = BundleUploads(tmp_path)
    await uploads.put(0, 10, b"01234")
    for offset, size in ((4, 10), (6, 10), (5, 11)):
        with pytest.raises(Problem) as refused:
            await uploads.put(offset, size, b"5")
        assert refused.value.code is ProblemCode.OUT_OF_ORDER
        assert refused.value.details == {"received": 5}
    assert uploads.last() == Upload(5, 10)
    await uploads.put(0, 3, b"abc")
    assert (await uploads.take()).read_bytes() == b"abc"


async def test_too_much_is_refused(tmp_path: Path) -> None:
    uploads = BundleUploads(tmp_path)
    for size, data in ((3, b"1234"), (MAX_UPLOAD + 1, b"1"), (0, b"")):
        with pytest.raises(Problem) as refused:
            await uploads.put(0, size, data)
        assert refused.value.code is ProblemCode.TOO_LARGE


async def test_an_upload_that_was_cleared_away_begins_anew(tmp_path: Path) -> None:
    uploads = BundleUploads(tmp_path)
    await uploads.put(0, 10, b"01234")
    (tmp_path / "upload.bundle.part").write_bytes(b"")
    with pytest.raises(Problem) as refused:
        await uploads.put(5, 10, b"56789")
    assert refused.value.code is ProblemCode.TRANSFER_EXPIRED


async def test_what_a_person_prefers_is_kept(table: SettingsTable) -> None:
    preferences = UpdatePreferences(table, channel=None, automatic=None, window=None)
    assert (await preferences.get()).automatic == "off"
    assert (await preferences.get()).window == DEFAULT_WINDOW
    await preferences.change(automatic="patch", window="01:00-02:00")
    kept = await UpdatePreferences(table, channel=None, automatic=None, window=None).get()
    assert (kept.automatic, str(kept.window), kept.settled) == ("patch", "01:00-02:00", frozenset())


async def test_the_settings_file_wins_and_says_so(table: SettingsTable) -> None:
    window = Window.parse("01:00-02:00")
    preferences = UpdatePreferences(table, channel="https://c", automatic="patch", window=window)
    with pytest.raises(Problem) as refused:
        await preferences.change(automatic="off")
    assert refused.value.code is ProblemCode.CONFLICT
    with pytest.raises(Problem):
        await preferences.change(window="03:00-04:00")
    now = await preferences.change(automatic="patch", window="01:00-02:00")
    assert now == Preferences("patch", window, "https://c", frozenset({"automatic", "window"}))


async def test_a_window_in_the_store_that_is_none_is_the_usual_one(table: SettingsTable) -> None:
    await table.put("update.window", "whenever")
    preferences = await UpdatePreferences(table, channel=None, automatic=None, window=None).get()
    assert preferences.window == DEFAULT_WINDOW
