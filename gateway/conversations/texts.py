"""Texts made of messages: a title, a preview, the words for the search, and a bounded text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.conversations.parts import MAX_TEXT, AnyPart, FilePart, ReasoningPart, TextPart, ToolPart

MAX_TITLE: Final = 80
MAX_PREVIEW: Final = 200
MAX_WORDS: Final = 256 * 1024
"""Characters of one message that the search reads."""
CUT: Final = "\n[… cut: this is longer than Hutch keeps]"
_SPACE: Final = re.compile(r"\s+")
_MARKUP: Final = re.compile(r"^[#>*\-\s`]+")


def title_of(text: str) -> str:
    """A title made of a first message: its first line that says something, shortened at a word."""
    lines = (_MARKUP.sub("", _plain(line)).strip() for line in text[:4000].splitlines())
    first = next((line for line in lines if line), "")
    return _shortened(first, MAX_TITLE) or "Untitled"


def preview_of(parts: Sequence[AnyPart]) -> str:
    """The beginning of a message, in one line."""
    said = " ".join(part.text[:1000] for part in parts if isinstance(part, TextPart))
    if not said:
        said = next((part.title for part in reversed(parts) if isinstance(part, ToolPart)), "")
    return _shortened(_plain(said), MAX_PREVIEW)


def words_of(parts: Sequence[AnyPart]) -> str:
    """What the search reads of a message: what was said and thought, what tools were asked, names of files."""
    found: list[str] = []
    for part in parts:
        if isinstance(part, TextPart | ReasoningPart):
            found.append(part.text)
        elif isinstance(part, ToolPart):
            found.append(part.title)
        elif isinstance(part, FilePart):
            found.append(part.name)
    return "\n".join(found)[:MAX_WORDS]


def bounded(text: str, limit: int = MAX_TEXT) -> str:
    """A text that is kept: without NUL, cut where it is too long, and the cut said."""
    clean = text.replace("\x00", "\ufffd")
    return clean if len(clean) <= limit else clean[: limit - len(CUT)] + CUT


def sound(text: str) -> str:
    """Text that can be stored and sent: lone surrogates replaced."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in _SPACE.sub(" ", text)).strip()


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > limit // 2 else cut) + "…"
