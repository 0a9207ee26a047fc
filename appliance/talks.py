"""The conversations of a device, made from its settings."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.config import Settings
from appliance.layout import Layout
from foundation.store.database import Store
from gateway.agents.registry import CATALOG
from gateway.conversations.building import Talks, open_talks
from gateway.conversations.config import ConversationsConfig, awake_for
from gateway.conversations.waking import AgentStarts
from gateway.events.publisher import Publisher
from gateway.programs.types import Programs
from gateway.workspaces.folders import Workspace

if TYPE_CHECKING:
    from foundation.secrets_box import SecretsBox


async def talks_of(
    settings: Settings,
    layout: Layout,
    store: Store,
    bus: Publisher,
    workspace: Workspace,
    *,
    programs: Programs,
    agents: AgentStarts,
    ram_bytes: int,
) -> Talks:
    """Conversations, ready; their ``conversations`` are to be run and closed. Raises :class:`Problem`."""
    return await open_talks(
        store,
        bus,
        workspace,
        programs,
        agents,
        clis=frozenset(CATALOG),
        box=partial(_secrets_box, layout.secrets_key),
        config=ConversationsConfig(
            workspace_root=layout.workspace,
            state=layout.conversation_state,
            max_awake=settings.max_awake_agents or awake_for(ram_bytes),
            idle_seconds=settings.agent_idle_minutes * 60.0,
        ),
    )


def _secrets_box(key: Path) -> SecretsBox:
    # Cryptography is loaded with the first secret, and most devices have none.
    from foundation.secrets_box import load_secrets_box

    return load_secrets_box(key)
