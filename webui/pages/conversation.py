"""One conversation: its last messages as they are, which a script then keeps alive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from foundation.web.pages.assets import Entry
from foundation.web.pages.forms import FormState
from foundation.web.pages.rendering import PageView, entry_of, render
from gateway.accounts.types import Role
from gateway.conversations.types import Conversation, Message, Permission, PermissionRequest, Turn
from webui.context import device_of, identity_of
from webui.pages.conversations import side
from webui.pages.folders import folder_in_words
from webui.pages.new_conversation import PERMISSIONS
from webui.pages.talks import TalkRow, cli_in_words

_LAST = 50
_MANNERS = {Permission.ASK: "asks first", Permission.EDITS: "edits without asking", Permission.ALL: "asks nothing"}
"""As the script words it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView(PageView):
    """The conversation, and the list beside it."""

    info: Conversation
    agent: str
    folder: str
    messages: Sequence[Message]
    permissions: Sequence[PermissionRequest]
    turn: Turn | None
    talks: Sequence[TalkRow]
    more: str
    at: str
    may_write: bool
    manner: str
    """How its agent works, in words."""
    permissions_offered: tuple[tuple[str, str], ...]
    form: FormState
    chat: Entry
    """The script and styles of the chat."""


async def conversation_page(request: web.Request) -> web.StreamResponse:
    """GET /conversations/{conversation_id}. Raises NOT_FOUND."""
    device, conversation_id = device_of(request), request.match_info["conversation_id"]
    conversation = await device.conversations.get(conversation_id)
    worker = await device.workers.find(conversation.agent_id) if conversation.agent_id else None
    turns = await device.conversations.turns(conversation_id, limit=1)
    beside = await side(device, conversation_id)
    view = ConversationView(
        title=conversation.title or "New conversation",
        nav="conversations",
        info=conversation,
        agent=worker.name if worker else cli_in_words(device, conversation.cli),
        folder=folder_in_words(conversation.folder, device.workspace.root),
        messages=await device.conversations.messages(conversation_id, limit=_LAST),
        permissions=await device.conversations.permissions(conversation_id),
        turn=turns[-1] if turns else None,
        talks=beside.talks,
        more=beside.more,
        at=conversation_id,
        may_write=identity_of(request).person.role.may(Role.OPERATOR),
        manner=manner_in_words(conversation),
        permissions_offered=PERMISSIONS,
        form=FormState(),
        chat=entry_of(request, "src/chat/main.ts"),
    )
    return render(request, "conversation.html", view)


def manner_in_words(conversation: Conversation) -> str:
    """What its agent may do of itself, and its model where one was chosen."""
    manner = _MANNERS[conversation.permission]
    return manner if conversation.model is None else f"{manner} · {conversation.model}"
