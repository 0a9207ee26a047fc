"""Memory of the daemon for each conversation whose agent sleeps."""

from __future__ import annotations

from bench.conversations.rig import Rig, numbered
from bench.processes import PeerFailed, pss_mib

FIRST = 3
"""Conversations before the first look: what is loaded once is no conversation's."""
CLI = "codex"


async def idle_mib(rig: Rig, count: int) -> float:
    """MiB of the daemon alone for each of ``count`` conversations with a turn behind it."""
    if rig.hutch.server is None:
        raise PeerFailed("the device does not run")
    rig.teach("IDLE", numbered(40))
    for _ in range(FIRST):
        await rig.turn(await rig.conversation(CLI), "please do IDLE")
    before = pss_mib([rig.hutch.server.process])
    for _ in range(count):
        await rig.turn(await rig.conversation(CLI), "please do IDLE")
    return (pss_mib([rig.hutch.server.process]) - before) / count
