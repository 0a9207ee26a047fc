"""The device's chat events as events of the OpenCode API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

from gateway.conversations.parts import ReasoningPart, TextPart
from gateway.conversations.service import ConversationService
from gateway.conversations.types import Conversation, Message
from gateway.events import chat
from protocol.problems import Problem
from webui.dialects.opencode import shapes
from webui.dialects.opencode.asides import permission_of, todos_of
from webui.dialects.opencode.names import milliseconds, request_name, session_name
from webui.dialects.opencode.parts import part_of
from webui.dialects.opencode.translate import Thread, failure_for, session_of, status_of


class EventTranslator:
    """Translates for one reader. Deltas are told for text and reasoning; a tool's output comes with its part."""

    def __init__(self, conversations: ConversationService, version: str, folder: Path | None) -> None:
        self._conversations = conversations
        self._version = version
        self._folder = folder
        self._numbers = count(1)
        self._told: set[str] = set()
        """Parts whose deltas are told."""

    def connected(self) -> shapes.Event:
        """The first event of every stream."""
        return self.event("server.connected")

    def heartbeat(self) -> shapes.Event:
        """Keeps the stream open."""
        return self.event("server.heartbeat")

    def event(self, kind: str, **properties: object) -> shapes.Event:
        """An event with the next number of this stream."""
        return shapes.Event(id=f"evt_{next(self._numbers):010d}", type=kind, properties=properties)

    async def translate(self, event: chat.ChatEvent) -> AsyncIterator[shapes.Event]:
        """The events that one of the device's stands for, none where its conversation lies in another folder."""
        try:
            conversation = None if _gone(event) else await self._conversations.get(event.conversation_id)
            if conversation is not None and not self._wanted(conversation):
                return
            async for told in self._translated(event, conversation):
                yield told
        except Problem:
            return  # Removed in the meantime; its removal is told by an event of its own.

    def _wanted(self, conversation: Conversation) -> bool:
        return self._folder is None or conversation.folder.is_relative_to(self._folder)

    async def _translated(
        self, event: chat.ChatEvent, conversation: Conversation | None
    ) -> AsyncIterator[shapes.Event]:
        session = session_name(event.conversation_id)
        if conversation is None:
            yield self.event("session.deleted", sessionID=session, info={"id": session})
            return
        match event:
            case chat.MessageAdded():
                for told in self._added(conversation, event.message):
                    yield told
            case chat.MessageCompleted():
                for told in await self._completed(conversation, event.message_id):
                    yield told
            case chat.MessageDelta() if event.part_id in self._told:
                yield self.event(
                    "message.part.delta",
                    sessionID=session,
                    messageID=event.message_id,
                    partID=event.part_id,
                    field="text",
                    delta=event.text,
                )
            case chat.MessagePart():
                message = await self._conversations.message(conversation.id, event.message_id)
                self._note(event.part)
                part = part_of(event.part, message)
                if part is None:
                    yield self.event("todo.updated", sessionID=session, todos=todos_of([message]))
                else:
                    yield self._part(session, part, milliseconds(event.at))
            case _:
                for told in self._coarse(session, event, conversation):
                    yield told

    def _coarse(self, session: str, event: chat.ChatEvent, conversation: Conversation) -> Iterator[shapes.Event]:
        info = session_of(conversation, self._version)
        match event:
            case chat.ConversationCreated():
                yield self.event("session.created", sessionID=session, info=info)
            case chat.ConversationChanged():
                yield self.event("session.updated", sessionID=session, info=info)
                yield self.event("session.status", sessionID=session, status=status_of(event.status))
            case chat.TurnStarted():
                yield self.event("session.status", sessionID=session, status=shapes.Status(type="busy"))
            case chat.TurnEnded():
                if event.problem is not None:
                    yield self.event("session.error", sessionID=session, error=failure_for(event.problem))
                yield self.event("session.status", sessionID=session, status=shapes.Status(type="idle"))
                yield self.event("session.idle", sessionID=session)
            case chat.PermissionAsked():
                yield self.event("permission.asked", **permission_of(event.request))
            case chat.PermissionAnswered():
                request, reply = request_name(event.permission_id), (event.reply or "reject")
                # The older SDK reads the second pair of names.
                yield self.event(
                    "permission.replied",
                    sessionID=session,
                    requestID=request,
                    reply=reply,
                    permissionID=request,
                    response=reply,
                )
            case _:
                return

    def _added(self, conversation: Conversation, message: Message) -> Iterator[shapes.Event]:
        told = Thread(conversation, ()).message(message)
        session = session_name(conversation.id)
        yield self.event("message.updated", sessionID=session, info=told["info"])
        for part in message.parts:
            self._note(part)
        for shape in told["parts"]:
            yield self._part(session, shape, milliseconds(message.created_at))

    async def _completed(self, conversation: Conversation, message_id: str) -> list[shapes.Event]:
        """The message once more, with its texts whole: a reader that shows no deltas needs nothing else."""
        message = await self._conversations.message(conversation.id, message_id)
        thread = Thread(conversation, await self._conversations.turns(conversation.id, limit=1))
        session = session_name(conversation.id)
        at = milliseconds(message.completed_at or message.created_at)
        parts = [part_of(part, message) for part in message.parts if part.id in self._told]
        self._told.difference_update(part.id for part in message.parts)
        told = [self._part(session, part, at) for part in parts if part is not None]
        return [*told, self.event("message.updated", sessionID=session, info=thread.info(message))]

    def _part(self, session: str, part: shapes.Part, at: int) -> shapes.Event:
        return self.event("message.part.updated", sessionID=session, part=part, time=at)

    def _note(self, part: object) -> None:
        if isinstance(part, TextPart | ReasoningPart):
            self._told.add(part.id)


def _gone(event: chat.ChatEvent) -> bool:
    return isinstance(event, chat.ConversationRemoved)
