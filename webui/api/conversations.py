"""Conversations: begin, look, send, cancel, answer what an agent asks."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from gateway.conversations.types import ConversationQuery, ConversationStatus, NewConversation, NewMessage
from webui.api.downloads import attachment as as_attachment
from webui.api.models.conversations import (
    CancelAnswer,
    ConversationAnswer,
    ConversationChange,
    ConversationsAnswer,
    ConversationsQuery,
    ExportForm,
    FoundAnswer,
    MessagesAnswer,
    MessagesQuery,
    NewConversationBody,
    NewMessageBody,
    PermissionsAnswer,
    PermissionsQuery,
    ReplyBody,
    SearchAnswer,
    SearchQuery,
    SendQuery,
    TurnAnswer,
    TurnsAnswer,
    TurnShown,
    TurnsQuery,
)
from webui.context import device_of, identity_of

_EXPORTS = {"json": ("application/json", "json"), "markdown": ("text/markdown", "md")}


async def list_conversations(request: web.Request) -> web.Response:
    """Conversations, the one that changed last first."""
    query = parse_query(request, ConversationsQuery)
    device = device_of(request)
    page = await device.conversations.list(
        ConversationQuery(
            archived=query.archived,
            text=query.q,
            cli=query.cli,
            agent_id=query.worker,
            folder=None if query.folder is None else device.workspace.resolve(query.folder),
            status=None if query.status is None else ConversationStatus(query.status),
            limit=query.limit,
            before=query.before,
        )
    )
    shown = [ConversationAnswer.of(one) for one in page.items]
    return answer(ConversationsAnswer(conversations=shown, next=page.next, total=page.total))


async def create_conversation(request: web.Request) -> web.Response:
    """Begin a conversation; no program is started before its first message, unless it is woken."""
    body = await parse_body(request, NewConversationBody)
    made = await device_of(request).conversations.create(
        NewConversation(
            title=body.title,
            agent_id=body.worker,
            cli=body.cli,
            model=body.model,
            folder=None if body.folder is None else Path(body.folder),
            permission=body.permission,
            worktree=body.worktree,
            origin="api",
            parent_id=body.parent,
        )
    )
    note(request).target = made.id
    return answer(ConversationAnswer.of(made), 201)


async def show_conversation(request: web.Request) -> web.Response:
    """One conversation, without its messages."""
    return answer(ConversationAnswer.of(await device_of(request).conversations.get(_id(request))))


async def change_conversation(request: web.Request) -> web.Response:
    """Give it another title, permission or model, archive it, or bring it back."""
    body = await parse_body(request, ConversationChange)
    conversations = device_of(request).conversations
    changed = await conversations.get(_id(request))
    if body.title is not None:
        changed = await conversations.rename(changed.id, body.title)
    if body.archived is not None:
        changed = await conversations.archive(changed.id, body.archived)
    if body.permission is not None:
        by = identity_of(request).person.name
        changed = await conversations.permit(changed.id, body.permission, by=by)
        note(request).details["permission"] = body.permission.value
    if "model" in body.model_fields_set:
        changed = await conversations.choose_model(changed.id, body.model)
    return answer(ConversationAnswer.of(changed))


async def remove_conversation(request: web.Request) -> web.Response:
    """Stop what runs and forget the conversation with everything in it."""
    await device_of(request).conversations.remove(_id(request))
    return nothing()


async def list_messages(request: web.Request) -> web.Response:
    """Messages with their parts, oldest first."""
    query = parse_query(request, MessagesQuery)
    found = await device_of(request).conversations.messages(
        _id(request), before=query.before, after=query.after, limit=query.limit
    )
    return answer(MessagesAnswer(messages=list(found)))


async def send_message(request: web.Request) -> web.Response:
    """Send a message; once this is answered it is stored, and waits its turn behind what runs."""
    query = parse_query(request, SendQuery)
    body = await parse_body(request, NewMessageBody)
    conversations = device_of(request).conversations
    new = NewMessage(text=body.text, files=body.files, by=identity_of(request).person.name, id=body.id)
    turn = await conversations.send(_id(request), new)
    note(request).details["turn"] = turn.id
    if query.wait:
        return answer(TurnAnswer(turn=TurnShown.of(await conversations.wait(_id(request), turn.id))))
    return answer(TurnAnswer(turn=TurnShown.of(turn)), 202)


async def wake(request: web.Request) -> web.Response:
    """Wake its agent ahead of a message, where there is room for one more."""
    await device_of(request).conversations.warm(_id(request))
    return nothing()


async def cancel(request: web.Request) -> web.Response:
    """Stop the running turn and drop what waits behind it."""
    return answer(CancelAnswer(cancelled=await device_of(request).conversations.cancel(_id(request))))


async def retry(request: web.Request) -> web.Response:
    """Send the message of the failed last turn again."""
    turn = await device_of(request).conversations.retry(_id(request))
    note(request).details["turn"] = turn.id
    return answer(TurnAnswer(turn=TurnShown.of(turn)), 202)


async def list_turns(request: web.Request) -> web.Response:
    """The last turns, oldest first."""
    query = parse_query(request, TurnsQuery)
    turns = await device_of(request).conversations.turns(_id(request), limit=query.limit)
    return answer(TurnsAnswer(turns=[TurnShown.of(turn) for turn in turns]))


async def export(request: web.Request) -> web.Response:
    """The whole conversation as a file."""
    query = parse_query(request, ExportForm)
    body = await device_of(request).conversations.export(_id(request), query.form)
    kind, ending = _EXPORTS[query.form]
    headers = {"Content-Disposition": as_attachment(f"{_id(request)}.{ending}")}
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)


async def list_permissions(request: web.Request) -> web.Response:
    """What agents wait for, oldest first."""
    query = parse_query(request, PermissionsQuery)
    found = await device_of(request).conversations.permissions(query.conversation)
    return answer(PermissionsAnswer(permissions=list(found)))


async def answer_permission(request: web.Request) -> web.Response:
    """Let an agent do it once, always, or not at all."""
    body = await parse_body(request, ReplyBody)
    note(request).details["reply"] = body.reply.value
    by = identity_of(request).person.name
    asked = await device_of(request).conversations.answer(request.match_info["permission_id"], body.reply, by=by)
    note(request).details["conversation"] = asked.conversation_id
    return nothing()


async def search(request: web.Request) -> web.Response:
    """Messages that have the words, of all conversations, the best first."""
    query = parse_query(request, SearchQuery)
    found = await device_of(request).conversations.search(query.q, limit=query.limit)
    shown = {one.conversation.id: ConversationAnswer.of(one.conversation) for one in found}
    return answer(SearchAnswer(found=[FoundAnswer.of(one, shown[one.conversation.id]) for one in found]))


def _id(request: web.Request) -> str:
    return request.match_info["conversation_id"]
