from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from gateway.programs.own import OwnPrograms
from gateway.programs.types import Program, Programs


async def started(programs: Programs, folder: Path, *command: str, stdout: int = subprocess.DEVNULL) -> Program:
    return await programs.start(
        command,
        folder=folder,
        environment={"PATH": os.defpath, "WORD": "given"},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
    )


async def test_a_program_gets_its_folder_and_just_its_environment(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    program = await started(
        OwnPrograms(), tmp_path, "/bin/sh", "-c", 'echo "$WORD $PWD ${HOME-none}"', stdout=write_end
    )
    os.close(write_end)
    with os.fdopen(read_end) as output:
        assert await asyncio.to_thread(output.read) == f"given {tmp_path} none\n"
    assert await program.wait() == 0
    assert program.returncode == 0


async def test_a_signal_reaches_the_whole_group(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    program = await started(
        OwnPrograms(), tmp_path, "/bin/sh", "-c", "sleep 60 & echo ready; wait; :", stdout=write_end
    )
    os.close(write_end)
    with os.fdopen(read_end) as output:
        assert await asyncio.to_thread(output.readline) == "ready\n"
        program.signal_group(SIGTERM)
        assert await program.wait() == -SIGTERM
        # The end of the output says that the child that held it is gone too.
        assert await asyncio.to_thread(output.read) == ""
    program.signal_group(SIGTERM)


async def test_processes_are_signalled_by_their_ids_and_missing_ones_left_out(tmp_path: Path) -> None:
    programs = OwnPrograms()
    program = await started(programs, tmp_path, "/bin/sleep", "60")
    await programs.signal([program.pid], SIGKILL)
    assert await program.wait() == -SIGKILL
    await programs.signal([program.pid], SIGKILL)


async def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await started(OwnPrograms(), tmp_path, "/nowhere/program")
    with pytest.raises(FileNotFoundError):
        await started(OwnPrograms(), tmp_path / "gone", "/bin/true")
