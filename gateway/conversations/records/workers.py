"""Workers in the store; what is in their environment is sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from pydantic import TypeAdapter

from foundation.store.database import Store
from gateway.conversations.records.rows import AnyRow
from gateway.conversations.types import Agent, Permission
from gateway.store.chat_tables import conversations, workers

if TYPE_CHECKING:
    from foundation.secrets_box import SecretsBox

_VARIABLES: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])


class WorkerRecords:
    """Workers. ``box`` loads the box of secrets, in a thread, when the first variable has to be sealed or opened."""

    def __init__(self, store: Store, box: Callable[[], SecretsBox]) -> None:
        self._store = store
        self._box = box

    async def all(self) -> list[Agent]:
        """Every worker, by name."""
        async with self._store.read() as connection:
            rows = (await connection.execute(sa.select(workers).order_by(workers.c.name, workers.c.id))).all()
        return [await self._worker(row) for row in rows]

    async def get(self, worker_id: str) -> Agent | None:
        """One, None where there is none."""
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(workers).where(workers.c.id == worker_id))).first()
        return None if row is None else await self._worker(row)

    async def add(self, worker: Agent) -> None:
        """Keep a new one. Raises IntegrityError when the name is taken."""
        values = await self._row(worker)
        async with self._store.begin() as connection:
            await connection.execute(sa.insert(workers).values(values))

    async def save(self, worker: Agent) -> None:
        """Keep one as it is now. Raises IntegrityError when the name is taken."""
        values = await self._row(worker)
        async with self._store.begin() as connection:
            await connection.execute(sa.update(workers).where(workers.c.id == worker.id).values(values))

    async def remove(self, worker_id: str) -> None:
        """Forget one; its conversations are nobody's then."""
        mine = conversations.c.worker_id == worker_id
        async with self._store.begin() as connection:
            await connection.execute(sa.update(conversations).where(mine).values(worker_id=None))
            await connection.execute(sa.delete(workers).where(workers.c.id == worker_id))

    async def _worker(self, row: AnyRow) -> Agent:
        values = row._mapping
        sealed, worker_id = values["environment"], values["id"]
        environment = {} if sealed is None else await asyncio.to_thread(self._open, sealed, worker_id)
        return Agent(
            id=worker_id,
            name=values["name"],
            cli=values["cli"],
            model=values["model"],
            folder=Path(values["folder"]),
            instructions=values["instructions"],
            permission=Permission(values["permission"]),
            environment=environment,
            created_at=values["created_at"],
            updated_at=values["updated_at"],
        )

    async def _row(self, worker: Agent) -> dict[str, object]:
        variables = dict(worker.environment)
        return {
            "id": worker.id,
            "name": worker.name,
            "cli": worker.cli,
            "model": worker.model,
            "folder": str(worker.folder),
            "instructions": worker.instructions,
            "permission": worker.permission.value,
            "environment": await asyncio.to_thread(self._seal, variables, worker.id) if variables else None,
            "created_at": worker.created_at,
            "updated_at": worker.updated_at,
        }

    def _open(self, sealed: bytes, worker_id: str) -> dict[str, str]:
        return _VARIABLES.validate_json(self._box().open(sealed, f"worker {worker_id}"))

    def _seal(self, variables: dict[str, str], worker_id: str) -> bytes:
        return self._box().seal(_VARIABLES.dump_json(variables).decode(), f"worker {worker_id}")
