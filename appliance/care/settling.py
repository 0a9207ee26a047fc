"""The agents' account with all that a restore had for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from appliance.care.places import handed_over
from appliance.layout import Layout
from appliance.separation import agents_account
from gateway.programs.types import AgentsAccount
from protocol.problems import Problem

log = structlog.get_logger(__name__)


@asynccontextmanager
async def agents_of(layout: Layout, busy: Callable[[], None]) -> AsyncIterator[AgentsAccount]:
    """The agents' account, reached and settled; ``busy`` is called while that takes long. Raises Problem."""
    account = await agents_account(layout.agent_user, layout.broker, layout.agents_folders)
    try:
        await settle(account, layout, busy)
        yield account
    finally:
        await account.close()


async def settle(account: AgentsAccount, layout: Layout, busy: Callable[[], None]) -> None:
    """Bring the agents their restored workspace, if one waits.

    What cannot be brought is logged, and tried again at the next start: it does not keep the device from starting.
    """
    if not account.apart or not await asyncio.to_thread(handed_over(layout).is_dir):
        return
    # Loaded here: it is needed once after a restore.
    from appliance.care.workspace import bring_all

    try:
        await bring_all(account, layout, busy)
    except (OSError, Problem) as error:
        log.error("a restored workspace waits for the next start", kept=str(handed_over(layout)), why=str(error))
