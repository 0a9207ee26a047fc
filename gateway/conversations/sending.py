"""Taking a person's message: checked, stored, told, and put in line."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy.exc import IntegrityError

from gateway.conversations.attachments import Attachments
from gateway.conversations.config import ConversationsConfig
from gateway.conversations.ids import Ids
from gateway.conversations.live import Live, now
from gateway.conversations.parts import MAX_TEXT, AnyPart, FilePart, TextPart
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.records.rows import KeptTurn
from gateway.conversations.texts import preview_of, sound, title_of
from gateway.conversations.types import Message, NewMessage, Turn, TurnState
from gateway.events.chat import MessageAdded
from gateway.host.errnos import problems_of
from gateway.workspaces.beneath import open_plain_file, opened_folder, parts
from protocol.problems import Problem, ProblemCode

MAX_FILES: Final = 20
_MENTION: Final = re.compile(r"(?:^|(?<=\s))@([^\s@]{1,1024})")
_TAIL: Final = ".,;:!?)]}'\""


class Sender:
    """Makes a message and a turn of what a person sends."""

    def __init__(
        self, messages: MessageRecords, attachments: Attachments, ids: Ids, config: ConversationsConfig
    ) -> None:
        self._messages = messages
        self._attachments = attachments
        self._ids = ids
        self._config = config

    async def accept(self, live: Live, new: NewMessage) -> KeptTurn:
        """Once this returns the message is in the store. Raises TOO_LARGE, TOO_MANY, INVALID_REQUEST, NOT_FOUND."""
        self._check(live, new)
        if new.id is not None:
            sent = await self._messages.turn_of_client_id(live.id, new.id)
            if sent is not None:
                return sent
        parts_ = await self._parts(live, new)
        async with live.accepting:
            message, kept = self._made(live, new, parts_)
            titled = live.kept.conversation.title or title_of(new.text)
            live.change(title=titled, preview=preview_of(parts_), updated_at=now(), archived=False)
            try:
                await self._messages.accept(message, kept, live.kept, new.id)
            except IntegrityError:
                sent = None if new.id is None else await self._messages.turn_of_client_id(live.id, new.id)
                if sent is None:
                    raise Problem(ProblemCode.NOT_FOUND, "The conversation is gone.") from None
                return sent
            live.last_message_id = message.id
            live.queue.append(kept)
            live.voice.publish(MessageAdded(conversation_id=live.id, message=message))
            return kept

    def again(self, live: Live, failed: KeptTurn) -> KeptTurn:
        """Another turn for the message of one that failed."""
        return self._turn(live, failed.message_id, failed.turn.by)

    def _check(self, live: Live, new: NewMessage) -> None:
        if len(new.text) > MAX_TEXT:
            raise Problem(
                ProblemCode.TOO_LARGE,
                f"A message has at most {MAX_TEXT} characters. Attach the text as a file.",
                {"limit": MAX_TEXT},
            )
        if not new.text.strip() and not new.files:
            raise Problem(ProblemCode.INVALID_REQUEST, "The message is empty. Write something or attach a file.")
        if len(new.files) > MAX_FILES:
            raise Problem(ProblemCode.TOO_MANY, f"A message takes at most {MAX_FILES} files. Send several messages.")
        if len(live.queue) >= self._config.max_queued:
            raise Problem(
                ProblemCode.TOO_MANY,
                f"{self._config.max_queued} messages wait for the agent already. Wait, or stop it first.",
            )

    def _made(self, live: Live, new: NewMessage, its_parts: tuple[AnyPart, ...]) -> tuple[Message, KeptTurn]:
        at = now()
        message_id = self._ids.new("msg")
        turn = self._turn(live, message_id, new.by)
        message = Message(
            id=message_id,
            conversation_id=live.id,
            turn_id=turn.turn.id,
            role="user",
            by=new.by,
            created_at=at,
            completed_at=at,
            parts=its_parts,
        )
        return message, turn

    def _turn(self, live: Live, message_id: str, by: str) -> KeptTurn:
        conversation = live.kept.conversation
        turn = Turn(
            id=self._ids.new("trn"),
            conversation_id=live.id,
            state=TurnState.QUEUED,
            started_at=now(),
            ended_at=None,
            by=by[:200],
        )
        return KeptTurn(turn, message_id, conversation.cli, conversation.agent_id)

    async def _parts(self, live: Live, new: NewMessage) -> tuple[AnyPart, ...]:
        found: list[AnyPart] = []
        text = sound(new.text).replace("\x00", "\ufffd")
        if text.strip():
            found.append(TextPart(id=self._ids.new("prt"), text=text))
        folder = live.kept.conversation.folder
        for file in new.files:
            if file.attachment is not None:
                attachment = await self._attachments.get(live.id, file.attachment)
                part = FilePart(
                    id=self._ids.new("prt"),
                    name=attachment.name,
                    mime=attachment.mime,
                    size=attachment.size,
                    attachment=attachment.id,
                )
                found.append(part)
            elif file.path is not None:
                found.append(await asyncio.to_thread(self._named, folder, file.path))
        named = {part.path for part in found if isinstance(part, FilePart)}
        for path in _mentions(text, MAX_FILES - len(new.files)):
            mentioned = await asyncio.to_thread(self._mentioned, folder, path)
            if mentioned is not None and mentioned.path not in named:
                named.add(mentioned.path)
                found.append(mentioned)
        return tuple(found)

    def _mentioned(self, folder: Path, path: str) -> FilePart | None:
        """The file of an @mention; None where it is no file: then the words are just words."""
        for name in dict.fromkeys((path, path.rstrip(_TAIL))):
            try:
                return self._named(folder, name)
            except Problem:
                continue
        return None

    def _named(self, folder: Path, path: str) -> FilePart:
        names = parts(path.removeprefix(f"{folder}/"))
        if not names:
            raise Problem(ProblemCode.INVALID_REQUEST, "This is the folder itself. Name a file in it.")
        with problems_of(f"'{path}'"), opened_folder(folder, names[:-1]) as fd:
            opened = open_plain_file(fd, names[-1])
            try:
                size = os.fstat(opened).st_size
            finally:
                os.close(opened)
        mime = mimetypes.guess_type(names[-1])[0] or "application/octet-stream"
        return FilePart(id=self._ids.new("prt"), name=names[-1], mime=mime, size=size, path="/".join(names))


def dropped(kept: KeptTurn) -> KeptTurn:
    """A turn that waited and will not run."""
    return replace(kept, turn=replace(kept.turn, state=TurnState.CANCELLED, ended_at=now()))


def _mentions(text: str, most: int) -> list[str]:
    return list(dict.fromkeys(match[1] for match in _MENTION.finditer(text)))[: max(0, most)]
