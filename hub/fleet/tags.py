"""Tags: many words for a device, to find it again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from foundation.store.database import Store
from hub.store.tables.devices import devices
from hub.store.tables.fleet import device_tags
from protocol.problems import Problem, ProblemCode

MAX_TAGS: Final = 32
TAG_PATTERN: Final = r"^[a-z0-9][a-z0-9._:-]{0,31}$"
_TAG: Final = re.compile(TAG_PATTERN)


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags as they are kept: lower case, each once, in order. Raises :class:`Problem` INVALID_REQUEST."""
    cleaned = sorted({tag.strip().lower() for tag in tags})
    for tag in cleaned:
        if not _TAG.fullmatch(tag):
            raise Problem(
                ProblemCode.INVALID_REQUEST, "Write tags as words of at most 32 letters, digits and the signs . _ : -"
            )
    if len(cleaned) > MAX_TAGS:
        raise Problem(ProblemCode.TOO_MANY, f"A device has at most {MAX_TAGS} tags. Leave some out.")
    return tuple(cleaned)


class Tags:
    """The tags in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def set(self, device_id: str, tags: Iterable[str]) -> tuple[str, ...]:
        """Give a device these tags and no others. Raises :class:`Problem` INVALID_REQUEST, TOO_MANY."""
        cleaned = clean_tags(tags)
        async with self._store.begin() as connection:
            await connection.execute(sa.delete(device_tags).where(device_tags.c.device_id == device_id))
            if cleaned:
                await connection.execute(
                    sa.insert(device_tags), [{"device_id": device_id, "tag": tag} for tag in cleaned]
                )
        return cleaned

    async def used(self, where: sa.ColumnElement[bool]) -> dict[str, int]:
        """How many devices have each tag, among the rows of ``devices`` that ``where`` lets the reader see."""
        counted = (
            sa.select(device_tags.c.tag, sa.func.count())
            .join(devices, devices.c.id == device_tags.c.device_id)
            .where(where)
            .group_by(device_tags.c.tag)
            .order_by(device_tags.c.tag)
        )
        async with self._store.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(counted)}
