from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.sessions.records import SessionRecord
from gateway.sessions.types import SessionStatus
from tests.integration.sessions.conftest import Place, start
from tests.integration.sessions.reading import Seen, to_end, until

ROOT = Path(__file__).parents[3]


def _a_daemon_is_killed(place: Place) -> None:
    config = place.config
    words = [str(config.socket_dir), str(config.state_dir), str(config.workspace_root)]
    command = [sys.executable, "-m", "tests.integration.sessions.one_daemon", *words]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode == -signal.SIGKILL


def _record(place: Place, **fields: object) -> SessionRecord:
    values: dict[str, object] = {
        "id": "fixed", "name": "work", "agent": None, "workdir": str(place.config.workspace_root), "returns": True,
        "created_at": datetime.now(UTC), "ended_at": None, "exit_code": None, "cols": 80, "rows": 24, "generation": 0,
        "boot_id": "boot-1",
    }  # fmt: skip
    return SessionRecord(**{**values, **fields})  # type: ignore[arg-type]  # tests name fields freely


@pytest.mark.parametrize("known", [True, False], ids=["in the store", "lost by the store"])
async def test_a_killed_daemons_session_is_adopted_with_its_screen_and_modes(place: Place, known: bool) -> None:
    await asyncio.to_thread(_a_daemon_is_killed, place)
    if known:
        place.records.kept["fixed"] = _record(place)
    sessions = place.daemon()
    await sessions.start()
    info = sessions.get("fixed")
    assert info.name == ("work" if known else "fixed")
    async with sessions.attach("fixed", name="ann") as viewer:
        seen = await until(viewer, "before2")
        assert seen.snapshots[0].seq >= 1 << 32
        assert "\x1b[?2004h" in seen.snapshots[0].modes
        await sessions.input("fixed", b"hello\r")
        await until(viewer, "got hello", seen)
    assert place.records.kept["fixed"].generation == 1
    await sessions.end("fixed")
    await sessions.close()


async def test_a_restart_lets_sessions_run_and_numbers_go_up(place: Place) -> None:
    first = place.daemon()
    await first.start()
    info = await start(first, place)
    async with first.attach(info.id, name="ann") as viewer:
        await first.input(info.id, b"echo one$((1+1))\r")
        await until(viewer, "one2")
        await first.close()
        assert (await to_end(viewer, Seen())).ended is None
    second = place.daemon()
    await second.start()
    assert second.get(info.id).pid == info.pid
    async with second.attach(info.id, name="ann") as viewer:
        seen = await until(viewer, "one2")
        assert seen.snapshots[0].seq >> 32 == 1
        await second.input(info.id, b"exit 5\r")
        assert (await to_end(viewer)).ended is not None
    assert await second.end(info.id) == 5
    await second.close()


async def test_a_program_that_ended_while_no_daemon_ran_is_reported(place: Place) -> None:
    first = place.daemon()
    await first.start()
    info = await start(first, place)
    await first.input(info.id, b"read x; echo bye$((1+1)); exit 7\r")
    socket = first.socket(info.id)
    await first.close()
    await asyncio.to_thread(_answer_and_wait_for_death, socket)
    second = place.daemon()
    await second.start()
    async with second.attach(info.id, name="ann") as viewer:
        seen = await to_end(viewer)
    assert seen.ended is not None
    assert seen.ended.exit_code == 7
    assert seen.shows("bye2")
    assert await second.end(info.id) == 7
    await second.close()


def _answer_and_wait_for_death(socket: Path) -> None:
    def tmux(*words: str) -> str:
        return subprocess.run(["tmux", "-S", str(socket), *words], check=True, capture_output=True, text=True).stdout

    tmux("send-keys", "-t", "%0", "y", "Enter")
    while tmux("display-message", "-p", "-t", "%0", "#{pane_dead}").strip() != "1":
        pass


async def test_after_a_reboot_sessions_return_in_their_folder_with_their_environment(place: Place) -> None:
    (place.config.workspace_root / "project").mkdir()
    first = place.daemon()
    await first.start()
    info = await start(first, place, workdir=Path("project"), env={"KEY": "kept"}, cols=90, rows=20)
    other = await start(first, place, name="gone", returns=False)
    records = dict(place.records.kept)
    kept = (place.config.state_dir / f"{info.id}.env.json").read_text()
    await first.end(info.id)
    await first.end(other.id)
    await first.close()
    # The machine went down with both running: nothing was recorded as ended, and the kept environments are there.
    place.records.kept = records
    (place.config.state_dir / f"{info.id}.env.json").write_text(kept)
    second = place.daemon("boot-2")
    await second.start()
    again = second.get(info.id)
    assert (again.name, again.cols, again.rows) == ("work", 90, 20)
    assert again.pid != info.pid
    async with second.attach(info.id, name="ann") as viewer:
        await second.input(info.id, b'echo "$KEY in ${PWD##*/}"; exit\r')
        await until(viewer, "kept in project")
    assert second.get(other.id).status is SessionStatus.FAILED
    assert place.records.kept[other.id].ended_at is not None
    await second.end(info.id)
    await second.close()


async def test_a_session_that_vanished_without_a_reboot_is_failed(place: Place) -> None:
    place.records.kept["fixed"] = _record(place)
    sessions = place.daemon()
    await sessions.start()
    assert sessions.get("fixed").status is SessionStatus.FAILED
    assert sessions.get("fixed").problem is not None
    await sessions.close()
