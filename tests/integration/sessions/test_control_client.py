from __future__ import annotations

import asyncio
import gc

import psutil
import pytest

from gateway.programs.own import OwnPrograms
from gateway.sessions.control_client import ControlClient
from gateway.sessions.tmux import TmuxServer
from tests.integration.sessions.conftest import Place


def _nothing(_: bytes = b"") -> None:
    return None


async def test_whoever_is_cancelled_while_a_client_starts_leaves_none_behind(place: Place) -> None:
    program = place.config.workspace_root / "slow-tmux"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    server = TmuxServer(str(program), place.config.socket_dir / "none.sock", OwnPrograms())
    before = set(psutil.Process().children())
    connecting = asyncio.create_task(ControlClient.connect(server, _nothing, _nothing))
    await asyncio.sleep(0)  # it has begun, and its process is being started in a thread
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    assert set(psutil.Process().children()) == before
    gc.collect()  # a process that nobody ended complains here
