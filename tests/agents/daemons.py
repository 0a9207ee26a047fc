"""The conversations of a device that can be restarted: the parts of the daemon that they need, on one data folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from foundation.bus import FellBehind
from foundation.secrets_box import load_secrets_box
from foundation.store.database import Store
from gateway.conversations.building import Talks, open_talks
from gateway.conversations.config import ConversationsConfig
from gateway.conversations.parts import AnyPart
from gateway.conversations.types import Agent, Conversation, NewConversation, NewMessage, Permission, Reply, Turn
from gateway.conversations.workers import WorkerValues
from gateway.events.chat import ChatEvent, PermissionAsked, TurnEnded
from gateway.events.types import DeviceBus
from gateway.programs.own import OwnPrograms
from gateway.store.schema import DEVICE_SCHEMA
from gateway.workspaces.folders import Workspace
from tests.agents.places import CLIS, Place, endpoint

TURN_SECONDS = 100.0


@dataclass
class Daemon:
    """One life of the daemon."""

    talks: Talks
    place: Place

    async def worker(self, cli: str, permission: Permission = Permission.ASK) -> Agent:
        """A worker of this CLI whose provider is the scripted model."""
        values = WorkerValues(
            name=f"worker {cli}",
            cli=cli,
            model=None,
            folder=str(self.place.folder),
            instructions="",
            permission=permission,
            environment=endpoint(cli, self.place.server.url),
        )
        return await self.talks.workers.create(values)

    async def begin(self, cli: str, permission: Permission = Permission.ASK) -> Conversation:
        """A conversation with a new worker."""
        worker = await self.worker(cli, permission)
        return await self.talks.conversations.create(NewConversation(agent_id=worker.id))

    async def send(self, conversation: str, text: str) -> Turn:
        """Send a message."""
        return await self.talks.conversations.send(conversation, NewMessage(text, by="ann"))

    async def over(self, conversation: str, turn: str) -> Turn:
        """A turn when it is over."""
        async with asyncio.timeout(TURN_SECONDS):
            return await self.talks.conversations.wait(conversation, turn)

    async def say(self, conversation: str, text: str) -> Turn:
        """A whole turn."""
        return await self.over(conversation, (await self.send(conversation, text)).id)

    async def parts(self, conversation: str) -> list[AnyPart]:
        """What the agent said last."""
        messages = await self.talks.conversations.messages(conversation)
        return [*[message for message in messages if message.role == "agent"][-1].parts]

    async def followed(self, conversation: str, text: str, reply: Reply | None = None) -> list[ChatEvent]:
        """Every event of a turn; each permission asked for is answered."""
        seen: list[ChatEvent] = []
        async with asyncio.timeout(TURN_SECONDS), self.talks.conversations.watch(conversation) as (_, events):
            turn = await self.send(conversation, text)
            async for event in events:
                seen.append(event)
                if isinstance(event, PermissionAsked) and reply is not None:
                    await self.talks.conversations.answer(event.request.id, reply, by="ann")
                if isinstance(event, TurnEnded) and event.turn_id == turn.id:
                    return seen
        raise FellBehind


@asynccontextmanager
async def daemon(place: Place, data: Path) -> AsyncIterator[Daemon]:
    """A life on this data folder; the next one finds what this one left."""
    await asyncio.to_thread(data.mkdir, exist_ok=True)
    bus = DeviceBus()
    store = await Store.open(f"sqlite+aiosqlite:///{data / 'hutch.db'}", DEVICE_SCHEMA)
    try:
        talks = await open_talks(
            store,
            bus,
            Workspace(place.folder, bus),
            OwnPrograms(),
            place.agents,
            clis=frozenset(CLIS),
            box=partial(load_secrets_box, data / "secrets.key"),
            config=ConversationsConfig(workspace_root=place.folder, state=data / "conversations", max_awake=4),
        )
        try:
            yield Daemon(talks, place)
        finally:
            await talks.conversations.close()
    finally:
        await store.close()
