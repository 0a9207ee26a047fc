"""A daemon life of its own, to be killed: starts or adopts sessions in the folders given, and waits.

Arguments: socket folder, state folder, workspace, ``create`` or ``adopt``. Prints the sessions' ids and ``up``.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from gateway.sessions.config import SessionsConfig
from gateway.sessions.manager import Sessions
from gateway.sessions.types import SessionSpec
from tests.doubles.session_records import AgentTable, EventList, RecordsInMemory
from tests.integration.sessions.reading import until


async def main(sockets: str, state: str, work: str) -> None:
    config = SessionsConfig(Path(sockets), Path(state), Path(work), shell="/bin/sh")  # noqa: S604 - a path
    sessions = Sessions(config, RecordsInMemory(), EventList(), AgentTable(), "boot-1")
    await sessions.start()
    info = await sessions.create(SessionSpec("work", Path(), session_id="fixed"))
    async with sessions.attach(info.id, name="ann") as viewer:
        await sessions.input(
            info.id, b"printf '\\033[?2004h'; echo before$((1+1)); while read x; do echo got $x; done\r"
        )
        await until(viewer, "before2")
        sys.stdout.write("up\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
