"""A daemon life of its own, to be killed: starts or adopts sessions in the folders given, and waits.

Arguments: socket folder, state folder, workspace, ``create`` or ``adopt``. Prints the sessions' ids and ``up``.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from gateway.sessions.config import SessionsConfig
from gateway.sessions.manager import Sessions
from gateway.sessions.types import Output, SessionSpec
from tests.doubles.session_records import AgentTable, EventList, RecordsInMemory


async def main(sockets: str, state: str, work: str) -> None:
    config = SessionsConfig(Path(sockets), Path(state), Path(work), shell="/bin/sh")
    sessions = Sessions(config, RecordsInMemory(), EventList(), AgentTable(), "boot-1")
    await sessions.start()
    info = await sessions.create(SessionSpec("work", Path(), session_id="fixed"))
    async with sessions.attach(info.id, name="ann") as viewer:
        await sessions.input(
            info.id, b"printf '\\033[?2004h'; echo before$((1+1)); while read x; do echo got $x; done\r"
        )
        async for item in viewer:
            if isinstance(item, Output) and b"before2" in item.payload:
                break
        sys.stdout.write("up\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
