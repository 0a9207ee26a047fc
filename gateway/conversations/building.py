"""Puts the parts of conversations together, from what the rest of the device has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foundation.store.database import Store
from gateway.conversations.attachments import Attachments
from gateway.conversations.awake import Places
from gateway.conversations.config import ConversationsConfig
from gateway.conversations.conversations import Conversations
from gateway.conversations.folders import WorkFolders
from gateway.conversations.git.git import Git
from gateway.conversations.git.snapshots import Snapshots
from gateway.conversations.ids import Ids
from gateway.conversations.lives import Lives
from gateway.conversations.orphans import Register
from gateway.conversations.permissions import Permissions
from gateway.conversations.prompting import Prompter
from gateway.conversations.records.attachments import AttachmentRecords
from gateway.conversations.records.conversations import ConversationRecords
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.records.search import SearchRecords
from gateway.conversations.records.usage import UsageRecords
from gateway.conversations.records.workers import WorkerRecords
from gateway.conversations.running import Runner
from gateway.conversations.sending import Sender
from gateway.conversations.voice import ChatBus
from gateway.conversations.waking import AgentStarts, Waker
from gateway.conversations.workers import Workers
from gateway.events.publisher import Publisher
from gateway.programs.types import Programs
from gateway.workspaces.folders import Workspace

if TYPE_CHECKING:
    from foundation.secrets_box import SecretsBox

CHAT_HISTORY = 1024


@dataclass(frozen=True, slots=True)
class Talks:
    """Everything about conversations that the device's web and dialects use."""

    conversations: Conversations
    workers: Workers
    attachments: Attachments
    usage: UsageRecords
    folders: WorkFolders


async def open_talks(
    store: Store,
    bus: Publisher,
    workspace: Workspace,
    programs: Programs,
    commands: AgentStarts,
    *,
    clis: frozenset[str],
    box: Callable[[], SecretsBox],
    config: ConversationsConfig,
) -> Talks:
    """Conversations, ready: what outlived a killed daemon is ended, what waits is begun. To be closed."""
    ids, chat = Ids(), ChatBus(CHAT_HISTORY)
    records, messages = ConversationRecords(store), MessageRecords(store)
    workers = Workers(WorkerRecords(store, box), workspace, clis, ids)
    attachments = Attachments(config.state / "attachments", AttachmentRecords(store), ids, workspace.rights)
    register = Register(config.state / "awake", workspace.rights.chores)
    await asyncio.to_thread(register.prepare)
    await asyncio.to_thread(attachments.prepare)
    await asyncio.to_thread(register.end_left)
    waker = Waker(commands, programs, workers, register, config, rights=workspace.rights)
    places, permissions = Places(config.max_awake, waker.put_to_sleep), Permissions()
    git = Git(programs)
    lives = Lives(records, messages, bus, chat)
    workers.on_removed(lives.forget_worker)
    runner = Runner(
        messages=messages,
        workers=workers,
        permissions=permissions,
        places=places,
        waker=waker,
        prompter=Prompter(attachments),
        snapshots=Snapshots(git),
        ids=ids,
        config=config,
    )
    conversations = Conversations(
        lives=lives,
        records=records,
        messages=messages,
        found=SearchRecords(store),
        workers=workers,
        attachments=attachments,
        permissions=permissions,
        places=places,
        waker=waker,
        runner=runner,
        sender=Sender(messages, attachments, ids, config),
        chat=chat,
        git=git,
        ids=ids,
        config=config,
    )
    await conversations.start()
    return Talks(
        conversations,
        workers,
        attachments,
        UsageRecords(store),
        WorkFolders(lives, records, git, Snapshots(git), rights=workspace.rights),
    )
