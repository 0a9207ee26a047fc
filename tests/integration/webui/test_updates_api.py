"""Updates over REST and on the page: who may, what is refused at once, and what is shown."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foundation.store.settings import SettingsTable
from gateway.accounts.types import Role
from gateway.updates.desk import UpdateDesk
from gateway.updates.preferences import UpdatePreferences
from gateway.updates.types import Medium, Release, Rollback, Slot, UpdatePhase, UpdateState
from gateway.updates.uploads import PIECE, BundleUploads
from protocol.problems import Problem, ProblemCode
from tests.integration.webui.rig import Rig, running_rig
from webui.context import Device

STICK = Path("/media/stick/hutch-0.2.0-arm64.raucb")


class MemoryUpdater:
    """An updater that remembers; nothing is written anywhere."""

    def __init__(self) -> None:
        self.now = UpdateState()
        self.offer: Release | None = Release("0.2.0", "https://updates.example/b", "ab" * 32, 5, "Mends <b>this</b>.")
        self.back: Rollback | None = None
        self.broken = False
        self.asked: list[str] = []
        self.installed = asyncio.Event()

    async def check(self) -> Release | None:
        self.asked.append("check")
        return self.offer

    async def install(self, url: str, sha256: str, version: str, *, downgrade: bool = False) -> str:
        return self._install(f"{url} {sha256[:2]} {version} {downgrade}")

    async def install_file(self, bundle: Path, *, downgrade: bool = False) -> str:
        content = await asyncio.to_thread(bundle.read_bytes) if await asyncio.to_thread(bundle.exists) else b""
        return self._install(f"{bundle.name} {content.decode()} {downgrade}")

    async def restart(self) -> None:
        if self.now.phase is not UpdatePhase.INSTALLED:
            raise Problem(ProblemCode.CONFLICT, "No update waits for a restart. Install one first.")
        self.asked.append("restart")

    async def media(self) -> tuple[Medium, ...]:
        return (Medium(STICK, 7),)

    def state(self) -> UpdateState:
        return self.now

    def offered(self) -> Release | None:
        return self.offer

    async def slots(self) -> tuple[Slot, ...]:
        if self.broken:
            raise Problem(ProblemCode.UPDATE_UNAVAILABLE, "RAUC does not run on this machine.")
        return (Slot("A", "0.0.1", True, True, True), Slot("B", None, False, False, False))

    def last_rollback(self) -> Rollback | None:
        return self.back

    def _install(self, what: str) -> str:
        self.asked.append(what)
        self.now = UpdateState(UpdatePhase.INSTALLED, "0.2.0")
        self.installed.set()
        return "0.2.0"


@pytest.fixture
def updater() -> MemoryUpdater:
    return MemoryUpdater()


@pytest.fixture
async def rig(tmp_path: Path, updater: MemoryUpdater) -> AsyncIterator[Rig]:
    def change(device: Device) -> Device:
        preferences = UpdatePreferences(
            device.settings, channel="https://updates.example/c", automatic=None, window=None
        )
        return replace(device, updates=UpdateDesk(updater, preferences, BundleUploads(tmp_path / "updates")))

    async with running_rig(tmp_path, change) as rig:
        await rig.add_people()
        yield rig


async def test_everybody_sees_how_updates_stand(rig: Rig, updater: MemoryUpdater) -> None:
    updater.back = Rollback("0.1.9", "Its page did not answer.", datetime(2026, 1, 2, tzinfo=UTC))
    shown = (await rig.call("GET", "/api/updates", role=Role.VIEWER)).json
    assert shown["running"] == "0.0.1"
    assert shown["state"]["phase"] == "idle"
    assert [slot["name"] for slot in shown["slots"]] == ["A", "B"]
    assert shown["rollback"] == {"version": "0.1.9", "reason": "Its page did not answer.", "at": "2026-01-02T00:00:00Z"}
    assert shown["offered"]["version"] == "0.2.0"
    assert shown["preferences"] == {
        "automatic": "off",
        "window": "03:00-05:00",
        "channel": "https://updates.example/c",
        "settled": [],
    }


async def test_slots_that_cannot_be_told_are_no_error(rig: Rig, updater: MemoryUpdater) -> None:
    updater.broken = True
    answer = await rig.call("GET", "/api/updates")
    assert (answer.status, answer.json["slots"]) == (200, [])
    assert answer.json["unavailable"] == "RAUC does not run on this machine."


async def _install(rig: Rig, updater: MemoryUpdater, **order: object) -> str:
    updater.now = UpdateState()
    updater.installed.clear()
    answer = await rig.call("POST", "/api/updates/install", json=order)
    assert answer.status == 202, answer.body
    async with asyncio.timeout(5):
        await updater.installed.wait()
    return updater.asked[-1]


async def test_what_is_installed_is_what_was_asked_for(rig: Rig, updater: MemoryUpdater) -> None:
    assert await _install(rig, updater) == "https://updates.example/b ab 0.2.0 False"
    asked = await _install(rig, updater, url="https://other/b", sha256="CD" * 32, version="3", downgrade=True)
    assert asked == "https://other/b cd 3 True"
    assert await _install(rig, updater, file=str(STICK)) == f"{STICK.name}  False"
    for offset in (0, 4):
        piece = await rig.call("PUT", f"/api/updates/bundle?offset={offset}&size=8", data=b"abcd")
        assert piece.json == {"received": offset + 4, "size": 8}
    assert await _install(rig, updater, file="upload") == "upload.bundle abcdabcd False"


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"file": "/etc/passwd"}, 404),
        ({"file": "upload"}, 404),
        ({"sha256": "short"}, 400),
        ({"url": "x" * 5000}, 400),
        ({"surprise": 1}, 400),
    ],
)
async def test_orders_of_no_use_are_refused_at_once(
    rig: Rig, updater: MemoryUpdater, order: dict[str, object], status: int
) -> None:
    assert (await rig.call("POST", "/api/updates/install", json=order)).status == status
    assert updater.asked == []


async def test_nothing_newer_and_an_update_under_way_are_refused(rig: Rig, updater: MemoryUpdater) -> None:
    updater.offer = None
    assert (await rig.call("POST", "/api/updates/install", json={})).code == "conflict"
    updater.now = UpdateState(UpdatePhase.DOWNLOADING, "0.2.0", 12)
    assert (await rig.call("POST", "/api/updates/install", json={"url": "https://x/y"})).code == "conflict"
    assert (await rig.call("POST", "/api/updates/restart")).code == "conflict"
    assert updater.asked == ["check"]


async def test_a_piece_that_is_too_large_or_out_of_order_is_refused(rig: Rig) -> None:
    large = await rig.call("PUT", f"/api/updates/bundle?offset=0&size={PIECE * 4}", data=io.BytesIO(b"x" * (PIECE + 1)))
    assert large.code == "too_large"
    late = await rig.call("PUT", "/api/updates/bundle?offset=5&size=10", data=b"x")
    assert late.code == "out_of_order"


async def test_only_an_admin_changes_anything(rig: Rig, updater: MemoryUpdater) -> None:
    for method, path in (
        ("POST", "/api/updates/check"),
        ("POST", "/api/updates/install"),
        ("POST", "/api/updates/restart"),
        ("PUT", "/api/updates/preferences"),
        ("PUT", "/api/updates/bundle?offset=0&size=1"),
        ("GET", "/api/updates/media"),
    ):
        assert (await rig.call(method, path, role=Role.OPERATOR)).code == "forbidden", path
    assert updater.asked == []


async def test_preferences_are_changed_one_by_one(rig: Rig) -> None:
    for change in ({"automatic": "patch"}, {"window": "23:00-01:00"}):
        assert (await rig.call("PUT", "/api/updates/preferences", json=change)).status == 200
    kept = (await rig.call("GET", "/api/updates")).json["preferences"]
    assert (kept["automatic"], kept["window"]) == ("patch", "23:00-01:00")
    assert (await rig.call("PUT", "/api/updates/preferences", json={"window": "late"})).status == 400
    assert await SettingsTable(rig.store).get("update.window") == "23:00-01:00"


async def test_the_page_shows_it_and_hides_what_a_viewer_may_not(rig: Rig, updater: MemoryUpdater) -> None:
    updater.back = Rollback("0.1.9", "Its page <i>did not</i> answer.", datetime(2026, 1, 2, tzinfo=UTC))
    admin = (await rig.call("GET", "/settings/updates", role=None, headers=rig.cookie())).body.decode()
    assert "The update to 0.1.9 was taken back; 0.0.1 runs." in admin
    assert "Its page &lt;i&gt;did not&lt;/i&gt; answer." in admin
    assert "Mends &lt;b&gt;this&lt;/b&gt;." in admin
    assert STICK.name in admin
    assert "Install 0.2.0" in admin
    home = (await rig.call("GET", "/", role=None, headers=rig.cookie())).body.decode()
    assert "The update to 0.1.9 was taken back; 0.0.1 runs." in home
    viewer = (await rig.call("GET", "/settings/updates", role=Role.VIEWER)).body.decode()
    assert "The update to 0.1.9 was taken back" in viewer
    assert STICK.name not in viewer
    assert "Install 0.2.0" not in viewer


async def test_the_forms_of_the_page_do_what_they_say(rig: Rig, updater: MemoryUpdater) -> None:
    async def submit(path: str, **fields: str) -> int:
        form = {**fields, "csrf_token": rig.identities[Role.ADMIN].csrf}
        return (await rig.call("POST", path, role=None, headers=rig.cookie(csrf=False), data=form)).status

    assert await submit("/settings/updates/check") == 303
    assert await submit("/settings/updates/install") == 303
    async with asyncio.timeout(5):
        await updater.installed.wait()
    assert await submit("/settings/updates/restart") == 303
    updater.now = UpdateState()
    assert await submit("/settings/updates/medium", file="/etc/passwd") == 404
    assert await submit("/settings/updates/preferences", automatic="patch", window="01:00-02:00") == 303
    assert await submit("/settings/updates/preferences", automatic="always", window="01:00-02:00") == 400
    assert updater.asked == ["check", "https://updates.example/b ab 0.2.0 False", "restart"]
