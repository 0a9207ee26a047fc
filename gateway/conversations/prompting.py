"""What an agent is sent for a message: words, files, and before the first one what it has to know."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.conversations.agent_client.agent import Abilities
from gateway.conversations.attachments import Attachments
from gateway.conversations.parts import FilePart, TextPart
from gateway.conversations.records.rows import OURS
from gateway.conversations.types import Message

if TYPE_CHECKING:
    from pydantic import BaseModel

MAX_IMAGE: Final = 10 * 1024 * 1024
"""Bytes of an image that is sent along; a larger one is given as a file."""
MAX_EMBEDDED: Final = 256 * 1024
"""Bytes of a text that is sent along; a longer one is given as a file."""
MAX_DIGEST: Final = 12_000
"""Characters of what was said before that a new session is told."""
_IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class Prompter:
    """Makes the content blocks of prompts (agentclientprotocol.com, Content)."""

    def __init__(self, attachments: Attachments) -> None:
        self._attachments = attachments

    async def blocks(
        self, message: Message, folder: Path, can: Abilities, introduction: Sequence[str]
    ) -> list[BaseModel]:
        """``introduction`` comes first, then the person's words, then the files."""
        from acp.helpers import text_block

        found: list[BaseModel] = [text_block(text) for text in introduction]
        found += [text_block(part.text) for part in message.parts if isinstance(part, TextPart)]
        for part in message.parts:
            if isinstance(part, FilePart):
                found.append(await asyncio.to_thread(self._file, part, folder, can))
        return found

    def _file(self, part: FilePart, folder: Path, can: Abilities) -> BaseModel:
        from acp.helpers import (
            embedded_text_resource,
            image_block,
            resource_block,
            resource_link_block,
        )

        if part.attachment is None:
            path = folder / (part.path or part.name)
            return resource_link_block(part.name, path.as_uri(), mime_type=part.mime, size=part.size)
        stored = self._attachments.path(part.attachment)
        if can.images and part.mime in _IMAGES and part.size <= MAX_IMAGE:
            return image_block(base64.b64encode(stored.read_bytes()).decode(), part.mime)
        if can.embedded and part.mime.startswith("text/") and part.size <= MAX_EMBEDDED:
            text = stored.read_bytes().decode(errors="replace")
            return resource_block(embedded_text_resource(f"attachment:///{part.name}", text, mime_type=part.mime))
        given = self._attachments.give(part.attachment, part.name, folder)
        return resource_link_block(part.name, given.as_uri(), mime_type=part.mime, size=part.size)


def introduction(instructions: str, before: Sequence[Message]) -> list[str]:
    """What an agent has to know before it reads the first message of its session."""
    found = []
    if instructions.strip():
        found.append(f"Instructions for this conversation:\n\n{instructions.strip()}")
    if before:
        found.append(
            "This conversation began earlier, and you no longer have it. This is what was said, shortened; go on "
            f"from there and do not answer it again.\n\n{digest(before)}"
        )
    return found


def digest(messages: Sequence[Message]) -> str:
    """What was said, the latest in full as far as there is room."""
    found: list[str] = []
    room = MAX_DIGEST
    for message in reversed(messages):
        said = "\n".join(part.text for part in message.parts if isinstance(part, TextPart)).strip()
        if not said or message.by == OURS:
            continue
        line = f"{'Person' if message.role == 'user' else 'You'}: {said if len(said) <= 3000 else said[:3000] + ' […]'}"
        if len(line) > room:
            break
        room -= len(line)
        found.append(line)
    return "\n\n".join(reversed(found))
