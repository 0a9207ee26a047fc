"""Names of conversations, messages and requests in both worlds: the same letters behind another prefix."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from protocol.problems import Problem, ProblemCode

_REST: Final = re.compile(r"[A-Za-z0-9]{1,64}")


def session_name(conversation_id: str) -> str:
    """``ses_…`` for ``con_…``."""
    return f"ses_{conversation_id.removeprefix('con_')}"


def conversation_name(session_id: str) -> str:
    """``con_…`` for ``ses_…``. Raises :class:`Problem` NOT_FOUND for a name that cannot be one."""
    return _translated(session_id, "ses_", "con_", "session")


def request_name(permission_id: str) -> str:
    """``per_…`` for ``prm_…``."""
    return f"per_{permission_id.removeprefix('prm_')}"


def permission_name(request_id: str) -> str:
    """``prm_…`` for ``per_…``. Raises :class:`Problem` NOT_FOUND."""
    return _translated(request_id, "per_", "prm_", "permission request")


def milliseconds(at: datetime) -> int:
    """Since 1970, as JavaScript counts."""
    return int(at.timestamp() * 1000)


def _translated(name: str, theirs: str, ours: str, what: str) -> str:
    rest = name.removeprefix(theirs)
    if not name.startswith(theirs) or not _REST.fullmatch(rest):
        raise Problem(ProblemCode.NOT_FOUND, f"There is no {what} of that name. List them first.")
    return ours + rest
