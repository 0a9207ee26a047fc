from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from gateway.sessions.manager import Sessions
from gateway.sessions.types import SessionStatus
from protocol.problems import Problem, ProblemCode
from tests.doubles.session_records import EventList, RecordsInMemory
from tests.integration.sessions.conftest import Place, start
from tests.integration.sessions.reading import to_end, until

STUBBORN = """
import os, signal, subprocess, sys, time
for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
code = "import os,time,sys; os.setsid(); os.fork() and sys.exit(); print('child', os.getpid(), 'asleep', flush=True);"
code += "time.sleep(1000)"
subprocess.run([sys.executable, "-c", code])
print("ready", flush=True)
time.sleep(1000)
"""


def runs(pid: int | None) -> bool:
    """Whether a process does anything; a dead one nobody has waited for does not."""
    assert pid is not None
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def tmux(sessions: Sessions, session_id: str, *words: str) -> str:
    socket = str(sessions.socket(session_id))
    return subprocess.run(["tmux", "-S", socket, *words], check=True, capture_output=True, text=True, timeout=5).stdout


async def test_a_shell_ends_politely_and_at_once(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place)
    async with sessions.attach(info.id, name="ann") as viewer:
        await sessions.input(info.id, b"sleep 1000 & echo go$((1+1))\r")
        await until(viewer, "go2")
        socket = sessions.socket(info.id)
        assert await sessions.end(info.id) == 129
        seen = await to_end(viewer)
    assert seen.ended is not None
    assert sessions.get(info.id).status is SessionStatus.ENDED
    assert not socket.exists()
    assert place.events.types().count("session.ended") == 1


async def test_a_program_that_ignores_everything_is_forced_with_all_its_children(
    sessions: Sessions, place: Place
) -> None:
    info = await start(sessions, place, place.script("stubborn", STUBBORN))
    async with sessions.attach(info.id, name="ann") as viewer:
        seen = await until(viewer, "ready")
        # The child is on its own; it may speak after its parent.
        await until(viewer, "asleep", seen)
        child = int(seen.text.split("child ")[1].split()[0])
        assert runs(child)
        assert await sessions.end(info.id) == 137
    assert not runs(child)
    assert not runs(info.pid)


async def test_tmux_killed_from_outside_is_a_failure_and_no_hang(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place, place.script("stubborn", STUBBORN))
    async with sessions.attach(info.id, name="ann") as viewer:
        await until(viewer, "ready")
        pid = await asyncio.to_thread(tmux, sessions, info.id, "display-message", "-p", "#{pid}")
        os.kill(int(pid), signal.SIGKILL)
        seen = await to_end(viewer)
    assert seen.ended is not None
    assert seen.ended.exit_code is None
    assert await sessions.end(info.id) is None
    after = sessions.get(info.id)
    assert after.status is SessionStatus.FAILED
    assert after.problem is not None
    assert "from outside" in after.problem
    assert not runs(info.pid)


async def test_a_detached_control_client_comes_back(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place)
    async with sessions.attach(info.id, name="ann") as viewer:
        await sessions.input(info.id, b"echo one$((1+1))\r")
        seen = await until(viewer, "one2")
        await asyncio.to_thread(tmux, sessions, info.id, "detach-client", "-s", "hutch")
        await asyncio.to_thread(tmux, sessions, info.id, "pipe-pane", "-t", "%0")
        async with sessions.attach(info.id, name="bob") as other:
            await until(other, "one2")
            await sessions.input(info.id, b"echo two$((1+1))\r")
            await until(other, "two2")
        await until(viewer, "two2", seen)


async def test_the_last_screen_of_an_ended_session_can_still_be_seen(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place)
    await sessions.input(info.id, b"echo last words; exit\r")
    async with sessions.attach(info.id, name="ann") as viewer:
        await to_end(viewer)
    await sessions.end(info.id)
    assert "last words" in (await sessions.snapshot(info.id)).content
    async with sessions.attach(info.id, name="bob") as viewer:
        seen = await to_end(viewer)
    assert seen.shows("last words")
    assert not seen.shows("Pane is dead")
    with pytest.raises(Problem) as refused:
        await sessions.input(info.id, b"x")
    assert refused.value.code is ProblemCode.SESSION_ENDED
    await sessions.remove(info.id)
    with pytest.raises(Problem) as gone:
        sessions.get(info.id)
    assert gone.value.code is ProblemCode.NOT_FOUND


async def test_what_cannot_be_started_is_refused_with_a_reason(sessions: Sessions, place: Place) -> None:
    await start(sessions, place, session_id="fixed")

    async def refusal(**fields: object) -> ProblemCode:
        with pytest.raises(Problem) as refused:
            await start(sessions, place, **{"name": "other", **fields})  # type: ignore[arg-type]
        return refused.value.code

    assert await refusal(name=" work ") is ProblemCode.NAME_TAKEN
    assert await refusal(session_id="fixed") is ProblemCode.CONFLICT
    assert await refusal(workdir=Path("nowhere")) is ProblemCode.WORKDIR_MISSING
    assert await refusal(workdir=Path("/etc/passwd")) is ProblemCode.WORKDIR_MISSING
    assert await refusal(agent="codex") is ProblemCode.AGENT_MISSING
    assert await refusal(agent=place.program("ghost", "no-such-program")) is ProblemCode.AGENT_MISSING
    assert await refusal(session_id="../evil") is ProblemCode.INVALID_REQUEST
    assert await refusal(name="a\nb") is ProblemCode.INVALID_REQUEST
    assert await refusal(cols=1) is ProblemCode.INVALID_REQUEST
    assert await refusal(env={"A B": "x"}) is ProblemCode.INVALID_REQUEST
    assert [info.id for info in sessions.list()] == ["fixed"]


async def test_no_more_sessions_than_the_limit(place: Place) -> None:
    place.config = replace(place.config, max_sessions=1)
    sessions = place.daemon()
    await sessions.start()
    info = await start(sessions, place)
    with pytest.raises(Problem) as refused:
        await start(sessions, place, name="second")
    assert refused.value.code is ProblemCode.TOO_MANY
    await sessions.end(info.id)
    info = await start(sessions, place, name="second")
    await sessions.end(info.id)
    await sessions.close()


async def test_without_tmux_a_person_learns_what_to_install(place: Place) -> None:
    place.config = replace(place.config, tmux="tmux-is-not-here")
    sessions = place.daemon()
    await sessions.start()
    with pytest.raises(Problem) as refused:
        await start(sessions, place)
    assert refused.value.code is ProblemCode.TMUX_MISSING
    assert "apt install tmux" in refused.value.message
    assert sessions.list() == []
    await sessions.close()


async def test_a_folder_with_signs_tmux_gives_a_meaning(place: Place) -> None:
    odd = place.config.workspace_root.parent / "odd #{pid} %H'\" name"
    shutil.copytree(place.config.workspace_root, odd)
    place.config = replace(place.config, socket_dir=odd / "run", workspace_root=odd)
    sessions = place.daemon()
    await sessions.start()
    info = await start(sessions, place)
    async with sessions.attach(info.id, name="ann") as viewer:
        await sessions.input(info.id, b'printf "<%s>" "${PWD##*/}"\r')
        await until(viewer, "<odd #{pid} %H'\" name>")
    await sessions.end(info.id)
    await sessions.close()
    assert [path.name for path in await asyncio.to_thread(lambda: list((odd / "run").iterdir()))] == ["tmux.conf"]


async def test_another_device_with_a_session_of_the_same_id_is_left_alone(sessions: Sessions, place: Place) -> None:
    await start(sessions, place, session_id="same", name="here")
    config = replace(place.config, socket_dir=place.config.socket_dir / "b", state_dir=place.config.state_dir / "b")
    neighbour = Sessions(config, RecordsInMemory(), EventList(), place.agents, "boot-1")
    await neighbour.start()
    try:
        await neighbour.create(place.spec(session_id="same", name="there"))
        await sessions.end("same")
        async with neighbour.attach("same", name="ann") as viewer:
            await neighbour.input("same", b"echo go$((1+1))\r")
            await until(viewer, "go2")
    finally:
        await neighbour.end("same")
        await neighbour.close()
