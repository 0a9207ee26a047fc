"""Configured agents: name, CLI, model, folder, instructions, what they may do, and variables of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy.exc import IntegrityError

from gateway.conversations.ids import Ids
from gateway.conversations.live import now
from gateway.conversations.records.workers import WorkerRecords
from gateway.conversations.types import Agent, Permission
from gateway.workspaces.folders import Workspace
from protocol.problems import Problem, ProblemCode

MAX_WORKERS: Final = 200


@dataclass(frozen=True, slots=True)
class WorkerValues:
    """What a worker is to be. ``folder`` relative to the workspace root, or absolute below it."""

    name: str
    cli: str
    model: str | None = None
    folder: str = ""
    instructions: str = ""
    permission: Permission = Permission.ASK
    environment: Mapping[str, str] | None = None


class Workers:
    """The workers of this device."""

    def __init__(self, records: WorkerRecords, workspace: Workspace, clis: frozenset[str], ids: Ids) -> None:
        self._records = records
        self._workspace = workspace
        self._clis = clis
        self._ids = ids
        self._told: list[Callable[[str], None]] = []

    async def list(self) -> list[Agent]:
        """Every worker, by name."""
        return await self._records.all()

    async def find(self, worker_id: str) -> Agent | None:
        """One, None where there is none."""
        return await self._records.get(worker_id)

    async def get(self, worker_id: str) -> Agent:
        """One. Raises NOT_FOUND."""
        found = await self._records.get(worker_id)
        if found is None:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such worker. Look at the list of workers again.")
        return found

    async def create(self, values: WorkerValues) -> Agent:
        """Make one. Raises NAME_TAKEN, INVALID_REQUEST, PATH_OUTSIDE_WORKSPACE, TOO_MANY."""
        if len(await self._records.all()) >= MAX_WORKERS:
            raise Problem(ProblemCode.TOO_MANY, f"There are {MAX_WORKERS} workers. Remove one first.")
        at = now()
        worker = Agent(
            id=self._ids.new("wrk"),
            name=values.name,
            cli=self.known(values.cli),
            model=values.model,
            folder=self.folder(values.folder),
            instructions=values.instructions,
            permission=values.permission,
            environment=dict(values.environment or {}),
            created_at=at,
            updated_at=at,
        )
        try:
            await self._records.add(worker)
        except IntegrityError:
            raise _taken(values.name) from None
        return worker

    async def change(self, worker_id: str, values: WorkerValues) -> Agent:
        """Make one another; its conversations notice when their agents wake. Raises as :meth:`create`, NOT_FOUND."""
        before = await self.get(worker_id)
        worker = replace(
            before,
            name=values.name,
            cli=self.known(values.cli),
            model=values.model,
            folder=self.folder(values.folder),
            instructions=values.instructions,
            permission=values.permission,
            environment=before.environment if values.environment is None else dict(values.environment),
            updated_at=now(),
        )
        try:
            await self._records.save(worker)
        except IntegrityError:
            raise _taken(values.name) from None
        return worker

    async def remove(self, worker_id: str) -> None:
        """Forget one; its conversations stay, without it. Raises NOT_FOUND."""
        await self.get(worker_id)
        await self._records.remove(worker_id)
        for told in self._told:
            told(worker_id)

    def on_removed(self, told: Callable[[str], None]) -> None:
        """Have ``told`` called with the id of each worker that is removed."""
        self._told.append(told)

    def known(self, cli: str) -> str:
        """The name of a CLI. Raises INVALID_REQUEST for one that Hutch does not know."""
        if cli not in self._clis:
            names = ", ".join(sorted(self._clis))
            raise Problem(ProblemCode.INVALID_REQUEST, f"There is no agent CLI of that name. Choose one of: {names}.")
        return cli

    def folder(self, path: str | Path) -> Path:
        """A folder below the workspace root. Raises PATH_OUTSIDE_WORKSPACE."""
        return self._workspace.resolve(str(path))


def _taken(name: str) -> Problem:
    return Problem(ProblemCode.NAME_TAKEN, f"A worker is already called {name!r}. Choose another name.")
