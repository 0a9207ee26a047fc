from __future__ import annotations

import hashlib
import os
from pathlib import Path

import psutil
import pytest

from gateway.sessions.manager import Sessions
from gateway.sessions.types import SessionStatus
from protocol.problems import Problem, ProblemCode
from tests.integration.sessions.conftest import Place, start
from tests.integration.sessions.reading import Seen, first_screen, to_end, until

RAW_READER = """
import hashlib, os, sys, tty
tty.setraw(0)
wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1 << 20
os.write(1, b"READY")
digest = hashlib.sha256()
while wanted:
    data = os.read(0, 65536)
    digest.update(data)
    wanted -= len(data)
os.write(1, ("SUM " + digest.hexdigest()).encode())
os.read(0, 1)
"""


async def test_a_shell_runs_in_its_folder_and_reports_its_exit_code(sessions: Sessions, place: Place) -> None:
    (place.config.workspace_root / "project").mkdir()
    info = await start(sessions, place, workdir=Path("project"))
    async with sessions.attach(info.id, name="ann") as viewer:
        await sessions.input(info.id, b"echo in $PWD:$((6*7))\r")
        await until(viewer, f"in {place.config.workspace_root}/project:42")
        await sessions.input(info.id, b"exit 3\r")
        seen = await to_end(viewer)
    assert seen.ended is not None
    assert seen.ended.exit_code == 3
    assert await sessions.end(info.id) == 3
    after = sessions.get(info.id)
    assert (after.status, after.exit_code, after.pid) == (SessionStatus.ENDED, 3, None)
    assert place.records.kept[info.id].exit_code == 3
    assert place.events.types()[0] == "session.started"
    assert place.events.types()[-1] == "session.ended"


async def test_exit_code_of_a_signal(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place, place.program("sleeper", "sleep", "1000"))
    assert info.pid is not None
    async with sessions.attach(info.id, name="ann") as viewer:
        os.kill(info.pid, 9)
        seen = await to_end(viewer)
    assert seen.ended is not None
    assert seen.ended.exit_code == 137
    assert await sessions.end(info.id) == 137
    assert sessions.get(info.id).status is SessionStatus.FAILED


async def test_the_environment_reaches_the_program_and_nobody_else(
    sessions: Sessions, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUTCH_DAEMON_SECRET", "of-the-daemon")
    info = await start(sessions, place, env={"API_KEY": "very-secret-value"})
    async with sessions.attach(info.id, name="ann") as viewer:
        await sessions.input(info.id, b'echo "<$API_KEY>" "<$HUTCH_DAEMON_SECRET>" "<$TERM $LANG>"\r')
        await until(viewer, "<very-secret-value> <> <tmux-256color C.UTF-8>")
    words = [word for process in psutil.process_iter(["cmdline"]) for word in process.info["cmdline"] or []]
    assert not any("very-secret-value" in word for word in words)
    kept = place.config.state_dir / f"{info.id}.env.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "very-secret-value" not in repr(place.records.kept)
    await sessions.end(info.id)
    assert not kept.exists()


async def test_instruction_files_are_written_unless_the_folder_has_its_own(sessions: Sessions, place: Place) -> None:
    root = place.config.workspace_root
    (root / "AGENTS.md").write_text("mine")
    await start(sessions, place, claude_md="Be brief.\n", agents_md="Not this.")
    assert (root / "CLAUDE.md").read_text() == "Be brief.\n"
    assert (root / "AGENTS.md").read_text() == "mine"


async def test_a_character_cut_into_bytes_arrives_whole(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place, place.program("cat", "cat"))
    async with sessions.attach(info.id, name="ann") as viewer:
        seen = await first_screen(viewer)
        for byte in "grüße €🐇\r".encode():
            await sessions.input(info.id, bytes([byte]))
        await until(viewer, "grüße €🐇\r\ngrüße €🐇", seen)


async def test_control_keys(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place)
    async with sessions.attach(info.id, name="ann") as viewer:
        await sessions.input(info.id, b"sh -c 'echo up$((1+1)); exec sleep 1000'\r")
        await until(viewer, "up2")
        await sessions.input(info.id, b"\x03")
        await sessions.input(info.id, b"echo int$((1+1))\r")
        await until(viewer, "int2")
        await sessions.input(info.id, b"\x04")
        assert (await to_end(viewer)).ended is not None


async def test_a_paste_of_a_mebibyte_arrives_byte_for_byte(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place, place.script("reader", RAW_READER))
    data = os.urandom(1 << 20)
    async with sessions.attach(info.id, name="ann") as viewer:
        await until(viewer, "READY")
        for at in range(0, len(data), 300_001):
            await sessions.input(info.id, data[at : at + 300_001])
        await until(viewer, "SUM " + hashlib.sha256(data).hexdigest())


async def test_input_that_nobody_reads_is_refused_at_last(sessions: Sessions, place: Place) -> None:
    stopped = place.script("deaf", "import tty,time,os\ntty.setraw(0)\nos.write(1,b'READY')\ntime.sleep(1000)\n")
    info = await start(sessions, place, stopped)
    async with sessions.attach(info.id, name="ann") as viewer:
        await until(viewer, "READY")
        for _ in range(4):
            await sessions.input(info.id, bytes(1 << 20))
        with pytest.raises(Problem) as refused:
            await sessions.input(info.id, bytes(1 << 20))
        assert refused.value.code is ProblemCode.UNAVAILABLE
        with pytest.raises(Problem) as too_large:
            await sessions.input(info.id, bytes(5 << 20))
        assert too_large.value.code is ProblemCode.TOO_LARGE


async def test_copy_mode_does_not_swallow_what_is_typed(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place)
    async with sessions.attach(info.id, name="ann") as viewer:
        seen = await until(viewer, "$" if os.getuid() else "#", Seen())
        process = psutil.Popen(["tmux", "-S", str(sessions.socket(info.id)), "copy-mode", "-t", "%0"])
        process.wait(5)
        await sessions.input(info.id, b"echo still$((1+1))\r")
        await until(viewer, "still2", seen)
