"""What a new conversation is made of: the worker's values, and those given here."""

from __future__ import annotations

import asyncio

from gateway.conversations.ids import Ids
from gateway.conversations.live import now
from gateway.conversations.records.rows import Kept
from gateway.conversations.types import Conversation, ConversationStatus, NewConversation, Permission
from gateway.conversations.workers import Workers
from protocol.problems import Problem, ProblemCode


async def made(new: NewConversation, workers: Workers, ids: Ids) -> Kept:
    """A conversation, not yet kept. Raises INVALID_REQUEST, NOT_FOUND, PATH_OUTSIDE_WORKSPACE, WORKDIR_MISSING."""
    worker = None if new.agent_id is None else await workers.get(new.agent_id)
    cli = new.cli or (None if worker is None else worker.cli)
    if cli is None:
        raise Problem(ProblemCode.INVALID_REQUEST, "Say who is to answer: a worker, or an agent CLI.")
    folder = workers.folder(new.folder or "") if worker is None or new.folder is not None else worker.folder
    if not await asyncio.to_thread(folder.is_dir):
        raise Problem(ProblemCode.WORKDIR_MISSING, f"There is no folder {folder}. Make it first, or choose another.")
    at = now()
    conversation = Conversation(
        id=ids.new("con"),
        title=new.title.strip(),
        agent_id=new.agent_id,
        cli=workers.known(cli),
        model=new.model or (None if worker is None or worker.cli != cli else worker.model),
        folder=folder,
        permission=new.permission or (Permission.ASK if worker is None else worker.permission),
        status=ConversationStatus.IDLE,
        created_at=at,
        updated_at=at,
        archived=False,
        origin=new.origin,
        parent_id=new.parent_id,
    )
    return Kept(conversation)
