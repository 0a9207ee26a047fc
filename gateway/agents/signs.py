"""What an agent CLI says of itself, by a hook or in its title, in the words of a session's status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.agents.lines import shown
from gateway.sessions.types import SessionStatus

_TELLING = ("command", "file_path", "filePath", "path", "url", "pattern", "query", "description", "question")
_MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Sign:
    """One statement. ``status`` None: nothing is known any more, the program went away.

    ``asks`` is what a person is asked. A ``passing`` sign comes by the way (a tool ended, a title changed) and does not
    close a question nobody has answered, unless it is about the same thing as the question.
    """

    status: SessionStatus | None
    asks: str | None = None
    passing: bool = False


def about(tool: object, given: object) -> str | None:
    """A line that says what a tool is to do, from its name and its input; None for no name."""
    if not isinstance(tool, str) or not tool:
        return None
    detail = _detail(given, 0)
    return shown(f"{tool}: {detail}" if detail else tool)


def text_of(data: Mapping[str, object], *names: str) -> str | None:
    """The first of these fields that is a text, as one line to show."""
    for name in names:
        value = data.get(name)
        if isinstance(value, str) and (line := shown(value.replace("\n", " "))):
            return line
    return None


def _detail(given: object, depth: int) -> str | None:
    if isinstance(given, str):
        return given.replace("\n", " ")
    if isinstance(given, list) and depth < _MAX_DEPTH:
        words = [word for word in given if isinstance(word, str)]
        return " ".join(words) if words else (_detail(given[0], depth + 1) if given else None)
    if isinstance(given, dict) and depth < _MAX_DEPTH:
        for name in (*_TELLING, "questions"):
            if name in given and (found := _detail(given[name], depth + 1)):
                return found
    return None
