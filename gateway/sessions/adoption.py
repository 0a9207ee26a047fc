"""Taking over what another daemon run left: living servers and orphaned clients."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from gateway.programs.chores import Chores
from gateway.sessions.connection import PaneFacts, end_stale_clients, facts
from gateway.sessions.launch import ID
from gateway.sessions.tmux import TmuxServer

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """The kernel's id of this boot (random(4))."""
    return BOOT_ID.read_text(encoding="ascii").strip()


def sockets(chores: Chores, folder: Path) -> list[Path]:
    """The sockets of sessions in a folder, living or not. Blocks."""
    return sorted(
        folder / name for name in chores.names(folder) if name.endswith(".sock") and ID.match(Path(name).stem)
    )


async def adopt(server: TmuxServer, known_generation: int) -> PaneFacts:
    """Make a server ours; the answer holds the generation that begins now.

    Raises:
        TmuxFailed: no server is behind the socket, or it does not answer.
    """
    chores = server.account.chores
    await asyncio.to_thread(chores.wake, server.socket)
    await end_stale_clients(server)
    pane = await facts(server)
    await asyncio.to_thread(chores.resume, pane.tty, pane.server_pid)
    generation = max(known_generation, pane.generation) + 1
    await server.run("set-option", "-s", "@hutch_generation", str(generation))
    return replace(pane, generation=generation)
