"""Workers, and what they used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from gateway.conversations.types import Agent
from gateway.conversations.workers import WorkerValues
from webui.api.models.workers import (
    NewWorker,
    UsageAnswer,
    UsageDay,
    UsageQuery,
    WorkerAnswer,
    WorkerChange,
    WorkersAnswer,
)
from webui.context import device_of


async def list_workers(request: web.Request) -> web.Response:
    """The configured workers, by name."""
    found = await device_of(request).workers.list()
    return answer(WorkersAnswer(workers=[WorkerAnswer.of(worker) for worker in found]))


async def create_worker(request: web.Request) -> web.Response:
    """Configure a worker."""
    body = await parse_body(request, NewWorker)
    note(request).target = body.name
    worker = await device_of(request).workers.create(
        WorkerValues(
            name=body.name,
            cli=body.cli,
            model=body.model,
            folder=body.folder,
            instructions=body.instructions,
            permission=body.permission,
            environment=body.environment,
        )
    )
    return answer(WorkerAnswer.of(worker), 201)


async def show_worker(request: web.Request) -> web.Response:
    """One worker."""
    return answer(WorkerAnswer.of(await device_of(request).workers.get(_id(request))))


async def change_worker(request: web.Request) -> web.Response:
    """Change a worker; its conversations notice when their agents wake."""
    body = await parse_body(request, WorkerChange)
    workers = device_of(request).workers
    before = await workers.get(_id(request))
    note(request).target = before.name
    return answer(WorkerAnswer.of(await workers.change(before.id, _changed(before, body))))


async def remove_worker(request: web.Request) -> web.Response:
    """Forget a worker; its conversations stay."""
    await device_of(request).workers.remove(_id(request))
    return nothing()


async def usage(request: web.Request) -> web.Response:
    """What was used, per worker, CLI and day."""
    query = parse_query(request, UsageQuery)
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=query.days - 1)
    found = await device_of(request).usage.since(start)
    return answer(UsageAnswer(days=[UsageDay.of(day) for day in found]))


def _changed(before: Agent, body: WorkerChange) -> WorkerValues:
    given = body.model_fields_set
    variables = dict(before.environment)
    for name, value in (body.environment or {}).items():
        if value is None:
            variables.pop(name, None)
        else:
            variables[name] = value
    return WorkerValues(
        name=body.name or before.name,
        cli=body.cli or before.cli,
        model=body.model if "model" in given else before.model,
        folder=str(before.folder) if body.folder is None else body.folder,
        instructions=before.instructions if body.instructions is None else body.instructions,
        permission=body.permission or before.permission,
        environment=variables,
    )


def _id(request: web.Request) -> str:
    return request.match_info["worker_id"]
