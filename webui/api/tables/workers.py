"""Workers, and what they used."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from gateway.accounts.types import Role
from webui.api import workers
from webui.api.models import workers as models
from webui.api.tables.sizes import MIB

WORKER_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/workers",
        workers.list_workers,
        Role.VIEWER,
        "List workers",
        answer=models.WorkersAnswer,
    ),
    Route(
        "POST",
        "/api/workers",
        workers.create_worker,
        Role.OPERATOR,
        "Configure a worker",
        "worker.create",
        body=models.NewWorker,
        answer=models.WorkerAnswer,
        status=201,
        max_body=MIB,
    ),
    Route(
        "GET",
        "/api/workers/{worker_id}",
        workers.show_worker,
        Role.VIEWER,
        "Show a worker",
        answer=models.WorkerAnswer,
    ),
    Route(
        "PATCH",
        "/api/workers/{worker_id}",
        workers.change_worker,
        Role.OPERATOR,
        "Change a worker",
        "worker.change",
        body=models.WorkerChange,
        answer=models.WorkerAnswer,
        max_body=MIB,
    ),
    Route(
        "DELETE",
        "/api/workers/{worker_id}",
        workers.remove_worker,
        Role.OPERATOR,
        "Remove a worker",
        "worker.remove",
        status=204,
    ),
    Route(
        "GET",
        "/api/usage",
        workers.usage,
        Role.VIEWER,
        "Usage per worker and day",
        query=models.UsageQuery,
        answer=models.UsageAnswer,
    ),
]
