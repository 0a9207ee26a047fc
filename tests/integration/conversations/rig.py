"""Real conversations over a real store and real pipes; the agent is the scripted one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from foundation.secrets_box import load_secrets_box
from foundation.store.database import Store
from gateway.agents.registry import CATALOG
from gateway.conversations.building import Talks, open_talks
from gateway.conversations.config import ConversationsConfig
from gateway.conversations.conversations import Conversations
from gateway.conversations.parts import AnyPart, TextPart
from gateway.conversations.types import (
    Conversation,
    Message,
    NewConversation,
    NewMessage,
    Permission,
    PermissionRequest,
    Turn,
)
from gateway.events.chat import ChatEvent, PermissionAsked
from gateway.events.types import DeviceBus
from gateway.programs.own import OwnPrograms
from gateway.store.schema import DEVICE_SCHEMA
from gateway.workspaces.folders import Workspace
from tests.doubles.acp_agent import ScriptedCommands

SECONDS = 20.0


@dataclass
class Rig:
    """Running conversations."""

    talks: Talks
    scripted: ScriptedCommands
    bus: DeviceBus
    work: Path
    root: Path

    @property
    def conversations(self) -> Conversations:
        """The service."""
        return self.talks.conversations

    async def begin(self, *, permission: Permission | None = None, folder: str = "", title: str = "") -> Conversation:
        """A conversation with the scripted agent."""
        where = None if not folder else Path(folder)
        return await self.conversations.create(
            NewConversation(cli="codex", permission=permission, folder=where, title=title)
        )

    async def send(self, conversation: Conversation, *steps: str) -> Turn:
        """Send a prompt of steps."""
        return await self.conversations.send(conversation.id, NewMessage("\n".join(steps), by="ann"))

    async def do(self, conversation: Conversation, *steps: str) -> Turn:
        """Send a prompt of steps and wait for the end of the turn."""
        turn = await self.send(conversation, *steps)
        async with asyncio.timeout(SECONDS):
            return await self.conversations.wait(conversation.id, turn.id)

    async def said(self, conversation: Conversation) -> str:
        """The words of the last answer."""
        return words((await self.answer(conversation)).parts)

    async def answer(self, conversation: Conversation) -> Message:
        """The last answer."""
        found = [m for m in await self.conversations.messages(conversation.id) if m.role == "agent"]
        return found[-1]

    @asynccontextmanager
    async def following(self, conversation: Conversation) -> AsyncIterator[AsyncIterator[ChatEvent]]:
        """The events of a conversation from now on."""
        async with self.conversations.watch(conversation.id) as (_, events):
            yield events

    async def asked(self, events: AsyncIterator[ChatEvent]) -> PermissionRequest:
        """The next permission request."""
        event = await until(events, PermissionAsked.model_fields["type"].default)
        assert isinstance(event, PermissionAsked)
        return event.request


async def until(events: AsyncIterator[ChatEvent], kind: str) -> ChatEvent:
    """The next event of a kind."""
    async with asyncio.timeout(SECONDS):
        async for event in events:
            if event.type == kind:
                return event
    raise AssertionError(f"no {kind} came")


def words(parts: Sequence[AnyPart]) -> str:
    """The words among parts."""
    return "".join(part.text for part in parts if isinstance(part, TextPart))


CONFIG = ConversationsConfig(workspace_root=Path("work"), state=Path("state"), max_awake=8)


@asynccontextmanager
async def running(
    root: Path,
    config: ConversationsConfig = CONFIG,
    scripted: ScriptedCommands | None = None,
    url: str | None = None,
) -> AsyncIterator[Rig]:
    """Conversations with their data below ``root``, which may have some of before."""
    work = root / "work"
    await asyncio.to_thread(work.mkdir, exist_ok=True)
    commands = scripted or ScriptedCommands(root / "agent-state")
    bus = DeviceBus()
    store = await Store.open(url or f"sqlite:///{root}/hutch.db", DEVICE_SCHEMA)
    try:
        talks = await open_talks(
            store,
            bus,
            Workspace(work, bus),
            OwnPrograms(),
            commands,
            clis=frozenset(CATALOG),
            box=partial(load_secrets_box, root / "secrets.key"),
            config=replace(config, workspace_root=work, state=root / "conversations"),
        )
        try:
            yield Rig(talks, commands, bus, work, root)
        finally:
            await talks.conversations.close()
    finally:
        await store.close()
