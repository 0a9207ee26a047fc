"""What was used, per worker, CLI and day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa

from foundation.store.database import Store
from gateway.conversations.types import TurnState, Usage
from gateway.store.chat_tables import turns, workers


@dataclass(slots=True)
class DayUsage:
    """The turns of one worker and CLI that began on one day (UTC); None where no turn told."""

    day: date
    worker_id: str | None
    worker_name: str | None
    cli: str
    turns: int = 0
    failed: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    seconds: float = 0.0

    def add(self, state: str, usage: Usage | None, seconds: float) -> None:
        """One turn more."""
        self.turns += 1
        self.failed += state == TurnState.FAILED.value
        self.seconds += seconds
        if usage is None:
            return
        self.input_tokens = _sum(self.input_tokens, usage.input_tokens)
        self.output_tokens = _sum(self.output_tokens, usage.output_tokens)
        self.cached_tokens = _sum(self.cached_tokens, usage.cached_tokens)
        self.reasoning_tokens = _sum(self.reasoning_tokens, usage.reasoning_tokens)
        if usage.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + usage.cost_usd


class UsageRecords:
    """Reads what turns took."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def since(self, start: datetime) -> Sequence[DayUsage]:
        """Per day, worker and CLI, oldest day first."""
        wanted = (
            sa.select(
                turns.c.started_at,
                turns.c.ended_at,
                turns.c.worker_id,
                workers.c.name.label("worker_name"),
                turns.c.cli,
                turns.c.state,
                turns.c.usage,
            )
            .join_from(turns, workers, workers.c.id == turns.c.worker_id, isouter=True)
            .where(turns.c.started_at >= start, turns.c.ended_at.is_not(None))
            .order_by(turns.c.started_at)
        )
        found: dict[tuple[date, str | None, str], DayUsage] = {}
        async with self._store.read() as connection:
            for row in await connection.execute(wanted):
                day = row.started_at.astimezone(UTC).date()
                key = (day, row.worker_id, row.cli)
                entry = found.setdefault(key, DayUsage(day, row.worker_id, row.worker_name, row.cli))
                usage = None if row.usage is None else Usage.model_validate(row.usage)
                entry.add(row.state, usage, (row.ended_at - row.started_at).total_seconds())
        return list(found.values())


def _sum(before: int | None, more: int | None) -> int | None:
    return before if more is None else (before or 0) + more
