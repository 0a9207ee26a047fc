"""What happened to devices, each as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.fleet.trail import Happened


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: datetime
    icon: str
    words: str
    level: str = ""
    """Empty, ``good``, ``warn`` or ``bad``."""


Said = Mapping[str, object]
_Words = Callable[[Said], str]


def _text(said: Said, name: str) -> str:
    value = said.get(name)
    return "" if value is None else str(value)


def _with_reason(words: str, reason: str) -> str:
    return f"{words}: {reason}" if reason else f"{words}."


def _update(said: Said) -> str:
    error = _text(said, "error")
    return _with_reason("An update failed", error) if error else f"Updated to {_text(said, 'version')}."


def _ended(said: Said) -> str:
    code = _text(said, "exit_code")
    return f"The session {_text(said, 'session_name')} ended{f' with exit code {code}' if code else ''}."


def _runaway(said: Said) -> str:
    if said.get("over"):
        return "A session that wrote too much is shown again."
    return "A session wrote more than the hub passes on, and was cut off for its viewers."


_SENTENCES: Final[Mapping[str, tuple[str, str, _Words]]] = {
    "device.online": ("link", "good", lambda said: f"Came online with version {_text(said, 'version')}."),
    "device.offline": ("offline", "", lambda said: _with_reason("Went offline", _text(said, "reason"))),
    "device.changed": ("pencil", "", lambda said: f"Changed: {_list(said, 'changed')}."),
    "device.claimed": ("check", "good", lambda said: f"Claimed by {_text(said, 'by')} as {_text(said, 'name')}."),
    "device.revoked": ("lock", "bad", lambda said: f"Revoked or removed by {_text(said, 'by')}."),
    "device.duplicated": ("warning", "bad", lambda said: f"A second machine at {_text(said, 'source')} used its key."),
    "device.rolled_back": (
        "warning",
        "bad",
        lambda said: _with_reason(f"Went back from version {_text(said, 'version')}", _text(said, "reason")),
    ),
    "session.ended": ("stop", "", _ended),
    "session.failed": (
        "warning",
        "bad",
        lambda said: _with_reason(f"Trouble in the session {_text(said, 'session_name')}", _text(said, "error")),
    ),
    "session.runaway": ("warning", "warn", _runaway),
    "update.finished": ("download", "", _update),
    "alert.raised": ("bell", "warn", lambda said: _text(said, "text")),
    "alert.cleared": ("bell", "good", lambda said: f"The alert “{_text(said, 'rule')}” is over."),
    "alert.acknowledged": (
        "bell",
        "",
        lambda said: f"{_text(said, 'by')} takes care of the alert “{_text(said, 'rule')}”.",
    ),
}
"""By the type of the event: its icon, its level, its words."""


def line_of(one: Happened) -> Line:
    """The sentence for something that happened; its type for what a newer version wrote."""
    known = _SENTENCES.get(one.type)
    if known is None:
        return Line(one.at, "info", one.type)
    icon, level, words = known
    return Line(one.at, icon, words(one.data), level)


def _list(said: Said, name: str) -> str:
    value = said.get(name)
    return ", ".join(str(item).replace("_id", "") for item in value) if isinstance(value, list | tuple) else ""
