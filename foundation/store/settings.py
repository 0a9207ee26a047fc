"""Small named values that a person or the program itself sets."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import JsonValue, TypeAdapter

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from foundation.store.tables import SETTINGS
from protocol.problems import Problem, ProblemCode

MAX_NAME = 64
MAX_VALUE = 64 * 1024
"""Bytes of a value as JSON."""
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


class SettingsTable:
    """Named JSON values, in the table ``settings`` of any store. Secrets only as
    :mod:`foundation.secrets_box` seals them; others belong into private files."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, name: str) -> JsonValue | None:
        """A value, None where it was never set."""
        async with self._store.read() as connection:
            value = await connection.scalar(sa.select(SETTINGS.c.value).where(SETTINGS.c.name == name))
            return _JSON.validate_python(value)

    async def put(self, name: str, value: JsonValue) -> None:
        """Set a value. Raises :class:`Problem` for one that is too big or a name that is empty or too long."""
        if not 0 < len(name) <= MAX_NAME:
            raise Problem(ProblemCode.INVALID_REQUEST, f"The name of a setting has 1 to {MAX_NAME} characters.")
        if len(_JSON.dump_json(value)) > MAX_VALUE:
            raise Problem(ProblemCode.TOO_LARGE, f"A setting holds at most {MAX_VALUE} bytes.")
        async with self._store.begin() as connection:
            await put(connection, name, value)


async def put(connection: AsyncConnection, name: str, value: JsonValue) -> None:
    """Set a value within a transaction of somebody else's."""
    changed = await connection.execute(sa.update(SETTINGS).where(SETTINGS.c.name == name).values(value=value))
    if not changed.rowcount:
        await connection.execute(sa.insert(SETTINGS).values(name=name, value=value))
