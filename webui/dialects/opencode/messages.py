"""``/session/ID/message`` and what goes with it: talking to an agent."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from aiohttp import web

from foundation.web.context import login_of
from foundation.web.parsing import parse_body, parse_query
from gateway.conversations.types import Conversation, Message, NewFile, NewMessage, Turn
from protocol.problems import Problem, ProblemCode
from webui.dialects.opencode.asides import permission_of
from webui.dialects.opencode.attached import Attached
from webui.dialects.opencode.context import opencode_of
from webui.dialects.opencode.names import permission_name
from webui.dialects.opencode.requests import CommandInput, FileInput, MessagesQuery, PermissionReply, Prompt
from webui.dialects.opencode.sessions import asked_conversation, conversation_of
from webui.dialects.opencode.translate import DEFAULT_MODEL, Thread

ALIVE: Final = 15.0
"""Seconds between signs of life while an answer is waited for: clients give up on a silent server."""


async def list_messages(request: web.Request) -> web.Response:
    """The last messages, oldest first."""
    query, conversation = parse_query(request, MessagesQuery), await conversation_of(request)
    conversations = opencode_of(request).conversations
    messages = await conversations.messages(conversation.id, limit=query.limit, before=query.before)
    turns = await conversations.turns(conversation.id, limit=query.limit)
    return web.json_response(Thread(conversation, turns).all(messages))


async def show_message(request: web.Request) -> web.Response:
    """One message."""
    conversations, conversation = opencode_of(request).conversations, await conversation_of(request)
    message = await conversations.message(conversation.id, request.match_info["message_id"])
    turns = await conversations.turns(conversation.id)
    return web.json_response(Thread(conversation, turns).message(message))


async def prompt(request: web.Request) -> web.StreamResponse:
    """Send a message and answer with what the agent said. The turn goes on when the client goes away."""
    conversation = await conversation_of(request)
    turn = await _send(request, conversation, await parse_body(request, Prompt))
    return await _answer_of(request, conversation, turn)


async def prompt_async(request: web.Request) -> web.Response:
    """Send a message; what the agent says comes as events."""
    await _send(request, await conversation_of(request), await parse_body(request, Prompt))
    return web.Response(status=204)


async def command(request: web.Request) -> web.StreamResponse:
    """Send a slash command and answer with what the agent said."""
    conversation, body = await conversation_of(request), await parse_body(request, CommandInput)
    text = f"/{body.command.removeprefix('/')} {body.arguments}".rstrip()
    turn = await opencode_of(request).conversations.send(conversation.id, _message(request, text))
    return await _answer_of(request, conversation, turn)


async def abort(request: web.Request) -> web.Response:
    """Stop the running turn."""
    await opencode_of(request).conversations.cancel(asked_conversation(request))
    return web.json_response(True)


async def list_permissions(request: web.Request) -> web.Response:
    """Questions that wait for a person."""
    return web.json_response([permission_of(one) for one in await opencode_of(request).conversations.permissions()])


async def reply_permission(request: web.Request) -> web.Response:
    """Answer a question."""
    body = await parse_body(request, PermissionReply)
    reply = body.reply or body.response
    if reply is None:
        raise Problem(ProblemCode.INVALID_REQUEST, "Say reply: once, always or reject.")
    permission = permission_name(request.match_info["request_id"])
    await opencode_of(request).conversations.answer(permission, reply, by=login_of(request).name)
    return web.json_response(True)


async def _send(request: web.Request, conversation: Conversation, body: Prompt) -> Turn:
    conversation = await _with_model(request, conversation, body)
    inputs = [part for part in body.parts if isinstance(part, FileInput)]
    if not body.text.strip() and not inputs:
        raise Problem(ProblemCode.INVALID_REQUEST, "The message is empty. Say something in a text part.")
    attached = Attached(request, conversation)
    try:
        message = _message(request, body.text, await attached.take(inputs), body.messageID)
        return await opencode_of(request).conversations.send(conversation.id, message)
    except Problem:
        await attached.let_go()
        raise


def _message(
    request: web.Request, text: str, files: list[NewFile] | None = None, name: str | None = None
) -> NewMessage:
    return NewMessage(text=text, files=files or (), by=login_of(request).name, origin="opencode", id=name)


async def _with_model(request: web.Request, conversation: Conversation, body: Prompt) -> Conversation:
    """The session with the model that the message asks for, from this message on; it keeps its CLI."""
    if body.model is None:
        return conversation
    if body.model.providerID != conversation.cli:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"This session talks to {conversation.cli}. Make a new session for another, or leave it out.",
        )
    model = body.model.modelID or body.model.id or DEFAULT_MODEL
    if model in (DEFAULT_MODEL, conversation.model):
        return conversation
    return await opencode_of(request).conversations.choose_model(conversation.id, model)


async def _answer_of(request: web.Request, conversation: Conversation, turn: Turn) -> web.StreamResponse:
    """The answer's headers at once and blanks while the agent works; the agent's message when it is done."""
    response = web.StreamResponse()
    response.content_type = "application/json"
    await response.prepare(request)
    waiting = asyncio.ensure_future(opencode_of(request).conversations.wait(conversation.id, turn.id))
    try:
        while not (await asyncio.wait([waiting], timeout=ALIVE))[0]:
            await response.write(b" ")
        ended = await waiting
    finally:
        waiting.cancel()
    await response.write(json.dumps(await _answered(request, conversation, ended)).encode())
    return response


async def _answered(request: web.Request, conversation: Conversation, turn: Turn) -> object:
    messages = [
        message
        for message in await opencode_of(request).conversations.messages(conversation.id, limit=200)
        if message.turn_id == turn.id
    ]
    thread = Thread(conversation, [turn])
    told = thread.all(messages)
    answers = [shape for shape in told if shape["info"]["role"] == "assistant"]
    if answers:
        return answers[-1]
    return {"info": thread.info(_silence(conversation, turn)), "parts": []}


def _silence(conversation: Conversation, turn: Turn) -> Message:
    """A turn that failed before the agent said a word still has an answer, which says why."""
    return Message(
        id=turn.id.replace("trn_", "msg_"),
        conversation_id=conversation.id,
        turn_id=turn.id,
        role="agent",
        created_at=turn.started_at,
        completed_at=turn.ended_at,
    )
