"""A daemon life of its own: starts a session in the folders given and is killed as soon as its viewer sees output.

Arguments: socket folder, state folder, workspace.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from gateway.sessions.config import SessionsConfig
from gateway.sessions.manager import Sessions
from gateway.sessions.types import SessionSpec
from tests.doubles.session_records import AgentTable, EventList, RecordsInMemory
from tests.integration.sessions.reading import first_screen, until
from tests.integration.sessions.two_accounts import agents_account


async def main(sockets: str, state: str, work: str) -> None:
    config = SessionsConfig(Path(sockets), Path(state), Path(work), shell="/bin/sh")  # noqa: S604 - a path
    sessions = Sessions(config, RecordsInMemory(), EventList(), AgentTable(), "boot-1", account=agents_account())
    await sessions.start()
    info = await sessions.create(SessionSpec("work", Path(), session_id="fixed"))
    async with sessions.attach(info.id, name="ann") as viewer:
        seen = await first_screen(viewer)
        # The mode and the word come in one piece, so whoever sees the word has just seen the mode.
        await sessions.input(info.id, b"printf '\\033[?2004hbefore%s\\n' 2; while read x; do echo got $x; done\r")
        await until(viewer, "before2", seen)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
