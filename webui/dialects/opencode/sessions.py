"""``/session``: conversations."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from gateway.conversations.types import (
    Conversation,
    ConversationQuery,
    ConversationStatus,
    Message,
    NewConversation,
)
from protocol.problems import Problem, ProblemCode
from webui.dialects.opencode.asides import diffs_of, todos_of
from webui.dialects.opencode.context import OpenCode, opencode_of
from webui.dialects.opencode.folders import asked_folder
from webui.dialects.opencode.names import conversation_name, session_name
from webui.dialects.opencode.requests import NewSession, SessionChange, SessionsQuery
from webui.dialects.opencode.translate import DEFAULT_MODEL, session_of, status_of

_PAGE = 200
_MOST = 5000


async def list_sessions(request: web.Request) -> web.Response:
    """Sessions, the latest first; those of the asked folder and below it where one is asked for."""
    opencode, query = opencode_of(request), parse_query(request, SessionsQuery)
    folder = asked_folder(request)
    found: list[Conversation] = []
    for conversation in await _all(opencode, query.search):
        if folder is None or conversation.folder.is_relative_to(folder):
            found.append(conversation)
    return web.json_response([session_of(one, opencode.version) for one in found[: query.limit]])


async def create_session(request: web.Request) -> web.Response:
    """Make a session. The model's provider, or the agent, names the CLI; without either the device chooses."""
    opencode = opencode_of(request)
    body = await parse_body(request, NewSession) if request.can_read_body else NewSession()
    model = body.model.modelID or body.model.id if body.model else None
    conversation = await opencode.conversations.create(
        NewConversation(
            title=body.title,
            cli=_cli(opencode, body),
            model=None if model == DEFAULT_MODEL else model,
            folder=asked_folder(request),
            origin="opencode",
            parent_id=await _parent(opencode, body),
        )
    )
    note(request).target = conversation.id
    # Whoever makes a session is about to send something.
    await opencode.conversations.warm(conversation.id)
    return web.json_response(session_of(conversation, opencode.version))


async def show_session(request: web.Request) -> web.Response:
    """One session."""
    return web.json_response(session_of(await conversation_of(request), opencode_of(request).version))


async def change_session(request: web.Request) -> web.Response:
    """Another title, into the archive or out of it."""
    opencode, body = opencode_of(request), await parse_body(request, SessionChange)
    conversation = await conversation_of(request)
    if body.title is not None:
        conversation = await opencode.conversations.rename(conversation.id, body.title)
    if body.time is not None and "archived" in body.time:
        conversation = await opencode.conversations.archive(conversation.id, bool(body.time["archived"]))
    return web.json_response(session_of(conversation, opencode.version))


async def remove_session(request: web.Request) -> web.Response:
    """Forget a session with its messages."""
    await opencode_of(request).conversations.remove(asked_conversation(request))
    return web.json_response(True)


async def list_children(request: web.Request) -> web.Response:
    """The sessions made from one."""
    opencode, parent = opencode_of(request), await conversation_of(request)
    children = [one for one in await _all(opencode, "") if one.parent_id == parent.id]
    return web.json_response([session_of(one, opencode.version) for one in children])


async def list_statuses(request: web.Request) -> web.Response:
    """What every session is doing; idle ones are left out."""
    conversations = opencode_of(request).conversations
    busy: list[Conversation] = []
    for status in (ConversationStatus.WORKING, ConversationStatus.WAITING):
        busy += (await conversations.list(ConversationQuery(status=status, limit=_PAGE))).items
    return web.json_response({session_name(one.id): status_of(one.status) for one in busy})


async def list_todos(request: web.Request) -> web.Response:
    """The agent's latest plan."""
    return web.json_response(todos_of(await _messages(request)))


async def list_diffs(request: web.Request) -> web.Response:
    """What the agent changed, file by file."""
    return web.json_response(diffs_of(await _messages(request)))


def asked_conversation(request: web.Request) -> str:
    """The conversation that a request's path names. Raises NOT_FOUND."""
    return conversation_name(request.match_info["session_id"])


async def conversation_of(request: web.Request) -> Conversation:
    """As :func:`asked_conversation`, from the store."""
    return await opencode_of(request).conversations.get(asked_conversation(request))


async def _messages(request: web.Request) -> Sequence[Message]:
    return await opencode_of(request).conversations.messages(asked_conversation(request), limit=_PAGE)


async def _all(opencode: OpenCode, text: str) -> list[Conversation]:
    found: list[Conversation] = []
    before: str | None = None
    while len(found) < _MOST:
        page = await opencode.conversations.list(ConversationQuery(text=text, limit=_PAGE, before=before))
        found += page.items
        before = page.next
        if before is None:
            break
    return found


async def _parent(opencode: OpenCode, body: NewSession) -> str | None:
    """Raises NOT_FOUND for a session that is not there."""
    if body.parentID is None:
        return None
    return (await opencode.conversations.get(conversation_name(body.parentID))).id


def _cli(opencode: OpenCode, body: NewSession) -> str:
    if body.model is not None:
        if body.model.providerID not in opencode.clis:
            raise Problem(
                ProblemCode.INVALID_REQUEST,
                f"There is no provider {body.model.providerID!r} here. Choose one of: {', '.join(opencode.clis)}.",
            )
        return body.model.providerID
    return body.agent if body.agent is not None and body.agent in opencode.clis else opencode.default_cli
