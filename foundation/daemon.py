"""What a daemon does around its parts, be it a device or a hub."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from foundation.setup_code import SetupCode


@asynccontextmanager
async def background(*works: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run works beside the web; one that fails ends the daemon, so that it is started anew and not half alive."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        yield
        for task in tasks:
            task.cancel()


async def show_setup_code(address: str, setup_code: SetupCode) -> None:
    """Print where the first person goes, and the code they need there. Raises :class:`Problem`."""
    code = await asyncio.to_thread(setup_code.ensure)
    # Not through the log: the code belongs on the console of the person who started the daemon, not in a journal.
    sys.stdout.write(f"\n  Open {address}/setup and enter the setup code {code}\n\n")
    sys.stdout.flush()
