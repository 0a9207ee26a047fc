"""Workers, and what they used."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field, StringConstraints

from foundation.web.models import NO_CONTROLS, Answer, Body, Line, WorkspacePath
from gateway.agents.types import AgentName
from gateway.conversations.records.usage import DayUsage
from gateway.conversations.types import Agent, Permission
from webui.api.models.sessions import EnvName, EnvValue

Name = Annotated[Line, Field(min_length=1)]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_CONTROLS)]
Instructions = Annotated[str, StringConstraints(max_length=64 * 1024, pattern=r"^[^\x00]*$")]


class NewWorker(Body):
    """A worker to configure."""

    name: Name
    cli: AgentName
    model: ModelName | None = None
    folder: WorkspacePath = Field("", description="Below the workspace; its root when left out.")
    instructions: Instructions = Field("", description="Told before the first message of each conversation.")
    permission: Permission = Permission.ASK
    environment: dict[EnvName, EnvValue] = Field(default_factory=dict, max_length=50)


class WorkerChange(Body):
    """What to change of a worker; what is left out stays. In ``environment`` null removes a variable."""

    name: Name | None = None
    cli: AgentName | None = None
    model: ModelName | None = None
    folder: WorkspacePath | None = None
    instructions: Instructions | None = None
    permission: Permission | None = None
    environment: dict[EnvName, EnvValue | None] | None = Field(None, max_length=50)


class WorkerAnswer(Answer):
    """A worker. Values of variables are never shown, because keys stand in them."""

    id: str
    name: str
    cli: str
    model: str | None
    folder: str
    instructions: str
    permission: Permission
    environment: list[str] = Field(description="The names of its variables.")
    created_at: dt.datetime
    updated_at: dt.datetime

    @classmethod
    def of(cls, worker: Agent) -> WorkerAnswer:
        """The answer that shows a worker."""
        return cls(
            id=worker.id,
            name=worker.name,
            cli=worker.cli,
            model=worker.model,
            folder=str(worker.folder),
            instructions=worker.instructions,
            permission=worker.permission,
            environment=sorted(worker.environment),
            created_at=worker.created_at,
            updated_at=worker.updated_at,
        )


class WorkersAnswer(Answer):
    """The workers of this device, by name."""

    workers: list[WorkerAnswer]


class UsageQuery(Body):
    """How far back."""

    days: int = Field(30, ge=1, le=366)


class UsageDay(Answer):
    """What one worker (null: conversations without one) and CLI used on one day (UTC); null where it was not told."""

    day: dt.date
    worker: str | None
    worker_name: str | None
    cli: str
    turns: int
    failed: int
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: float | None
    seconds: float = Field(description="How long its turns took together.")

    @classmethod
    def of(cls, day: DayUsage) -> UsageDay:
        """The answer that shows a day."""
        return cls(
            day=day.day,
            worker=day.worker_id,
            worker_name=day.worker_name,
            cli=day.cli,
            turns=day.turns,
            failed=day.failed,
            input_tokens=day.input_tokens,
            output_tokens=day.output_tokens,
            cached_tokens=day.cached_tokens,
            reasoning_tokens=day.reasoning_tokens,
            cost_usd=day.cost_usd,
            seconds=day.seconds,
        )


class UsageAnswer(Answer):
    """Days on which something was used, oldest first."""

    days: list[UsageDay]
