"""Where a page of a list ended: the sort key and the id of its last row, as one opaque word."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Final

from protocol.problems import Problem, ProblemCode

Sortable = str | int | float | datetime | None
MAX_CURSOR: Final = 1024


def write_cursor(sort: str, key: Sortable, row_id: str) -> str:
    """The cursor after a row of a list sorted by ``sort``."""
    plain = key.isoformat() if isinstance(key, datetime) else key
    return base64.urlsafe_b64encode(json.dumps([sort, plain, row_id]).encode()).decode().rstrip("=")


def read_cursor(text: str, sort: str, kind: type[Sortable]) -> tuple[Sortable, str]:
    """The key and the id. Raises :class:`Problem` INVALID_REQUEST for a cursor of another list, or none."""
    try:
        if len(text) > MAX_CURSOR:
            raise ValueError
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        was, key, row_id = found
        if was != sort or not isinstance(row_id, str):
            raise ValueError
        return _typed(key, kind), row_id
    except (ValueError, TypeError):
        raise Problem(
            ProblemCode.INVALID_REQUEST, "The place in the list is not one of this list. Begin at its first page."
        ) from None


def _typed(key: object, kind: type[Sortable]) -> Sortable:
    if key is None:
        return None
    if kind is datetime and isinstance(key, str):
        return datetime.fromisoformat(key)
    if kind is float and isinstance(key, int | float) and not isinstance(key, bool):
        return float(key)
    if kind is str and isinstance(key, str):
        return key
    raise ValueError("another kind of key")
