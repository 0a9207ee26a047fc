from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from gateway.agents.processes import Finished, run
from gateway.programs.own import OwnPrograms

# A program whose child takes no notice of being asked to end, and that says when both are there.
STUBBORN = "(trap '' TERM; echo child $BASHPID; while :; do sleep 100; done) & wait"


async def bash(folder: Path, script: str, lines: list[str], seconds: float = 30) -> Finished:
    environment = {"PATH": "/usr/bin:/bin", "ONLY": "this"}
    command = ("bash", "-c", script)
    return await run(
        OwnPrograms(), command, folder=folder, environment=environment, seconds=seconds, on_line=lines.append
    )


async def test_a_program_runs_to_its_end(tmp_path: Path) -> None:
    lines: list[str] = []
    done = await bash(tmp_path, "echo one; echo two >&2; pwd; env | grep -c . ; cat; exit 3", lines)
    assert done.code == 3
    assert lines[:3] == ["one", "two", str(tmp_path)]
    assert done.lines == tuple(lines)


async def test_only_the_last_lines_are_kept(tmp_path: Path) -> None:
    done = await bash(tmp_path, "seq 100000", [])
    assert done.lines == tuple(str(number) for number in range(99_801, 100_001))


async def ends(pid: int) -> bool:
    """Whether a process that was killed is gone as soon as the kernel gets to it."""
    try:
        _, alive = await asyncio.to_thread(psutil.wait_procs, [psutil.Process(pid)], 20)
    except psutil.NoSuchProcess:
        return True
    return all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


async def test_a_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    lines: list[str] = []
    with pytest.raises(TimeoutError):
        await bash(tmp_path, STUBBORN, lines, seconds=1)
    assert await ends(int(lines[0].split()[1]))


async def test_a_flood_that_is_cut_off_ends_too(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        await bash(tmp_path, "trap '' TERM; while :; do seq 100000; done", [], seconds=0.5)


async def test_cancelling_ends_the_whole_group(tmp_path: Path) -> None:
    started = asyncio.Event()
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        started.set()

    environment = {"PATH": "/usr/bin:/bin"}
    running = asyncio.create_task(
        run(
            OwnPrograms(),
            ("bash", "-c", STUBBORN),
            folder=tmp_path,
            environment=environment,
            seconds=60,
            on_line=on_line,
        )
    )
    await asyncio.wait_for(started.wait(), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await ends(int(lines[0].split()[1]))


async def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await run(OwnPrograms(), ("not-there",), folder=tmp_path, environment={}, seconds=5, on_line=print)
