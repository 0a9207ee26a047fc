"""Carries waiting commands to the devices of this node: for each device one after the other, in their order.

A row is marked ``sent`` before the command goes out. Who dies in between leaves it so, and whoever buries the node
decides by the table of repeats whether it may be told again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.nodes.commands import rows
from hub.nodes.commands.announcing import Announcing
from hub.nodes.commands.queue import StoredCommands
from hub.nodes.commands.repeats import RULES, Repeat
from hub.nodes.commands.rows import AnyRow, as_command
from hub.nodes.commands.types import MAX_ATTEMPTS, CommandState
from hub.nodes.presence import database_time
from hub.ports import Ports
from protocol.commands import SessionCreate, SessionSnapshotRequest
from protocol.link.actions import Answered
from protocol.problems import Problem, ProblemCode

LOOK_EVERY: Final = 15.0
RETRY_AFTER: Final = 1.0
AT_ONCE: Final = 256
"""Devices served at a time."""
_LOOK_AT: Final = 500
_NOT_NOW: Final = frozenset({ProblemCode.DEVICE_OFFLINE, ProblemCode.TOO_MANY, ProblemCode.UNAVAILABLE})
_LOG = structlog.get_logger("hub.nodes")


@dataclass(frozen=True, slots=True)
class _End:
    """How a telling ended. ``state`` PENDING: to be told again; ``rest``: not before the device comes back."""

    state: CommandState
    error: str | None = None
    answered: Answered | None = None
    sent: bool = True
    rest: bool = False


class Courier:
    """One for each node. ``holds`` says whether a device's socket is here; ``wake_everywhere`` wakes its node's."""

    def __init__(
        self,
        store: Store,
        node_id: str,
        local: Ports,
        queue: StoredCommands,
        announcing: Announcing,
        *,
        holds: Callable[[str], bool],
        wake_everywhere: Callable[[str], None],
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._store = store
        self._node_id = node_id
        self._local = local
        self._queue = queue
        self._announcing = announcing
        self._holds = holds
        self._wake_everywhere = wake_everywhere
        self._look_every = look_every
        self._woken: dict[str, None] = {}
        self._again: set[str] = set()
        self._rounds: dict[str, asyncio.Task[None]] = {}
        self._doubtful: set[str] = set()
        """Devices of which a command was claimed when the store did not say whether it took that."""
        self._room = asyncio.Semaphore(AT_ONCE)
        self._wake = asyncio.Event()

    def woken(self, device_id: str) -> None:
        """The device came, or a command for it. Never blocks."""
        self._woken[device_id] = None
        self._wake.set()

    async def run(self) -> None:
        """Serve until cancelled; looks by itself now and then, for a wake that was lost on its way."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._serve_woken())
            group.create_task(self._look_now_and_then())

    async def close(self) -> None:
        """Stop. What is on its way is left to the one who buries this node: :meth:`recover`."""
        tasks = list(self._rounds.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def recover(self, node_id: str) -> None:
        """Take over what a dead node had sent. Raises Problem where the store cannot."""
        async with self._store.begin() as connection:
            over, free = await rows.recover(connection, node_id, await database_time(connection))
        await self._announcing.tell([as_command(row) for row in over])
        for device_id in free:
            self._wake_everywhere(device_id)

    async def _serve_woken(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            woken, self._woken = list(self._woken), {}
            for start in range(0, len(woken), _LOOK_AT):
                part = woken[start : start + _LOOK_AT]
                await self._look(partial(rows.with_work, device_ids=part, node_id=self._node_id))

    async def _look_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._look_every)
            await self._look(partial(rows.with_work_on, node_id=self._node_id))
            try:
                await self._expire()
            except Problem as problem:
                _LOG.warning("commands that waited too long are not ended yet", problem=str(problem))

    async def _look(self, find: Callable[[AsyncConnection], Awaitable[list[str]]]) -> None:
        try:
            async with self._store.read() as connection:
                found = await find(connection)
        except Problem as problem:
            _LOG.warning("waiting commands are not looked for yet", problem=str(problem))
            return
        for device_id in found:
            if self._holds(device_id):
                self._begin(device_id)

    async def _expire(self) -> None:
        async with self._store.begin() as connection:
            over = await rows.expire(connection, await database_time(connection))
        await self._announcing.tell([as_command(row) for row in over])

    def _begin(self, device_id: str) -> None:
        if device_id in self._rounds:
            self._again.add(device_id)
            return
        task = asyncio.create_task(self._round(device_id))
        self._rounds[device_id] = task
        task.add_done_callback(lambda _task: self._ended(device_id))

    def _ended(self, device_id: str) -> None:
        del self._rounds[device_id]
        if device_id in self._again:
            self._again.discard(device_id)
            self.woken(device_id)

    async def _round(self, device_id: str) -> None:
        async with self._room:
            try:
                while self._holds(device_id):
                    row = await self._claim(device_id)
                    if row is None or not await self._carry(row):
                        return
            except Problem as problem:
                _LOG.warning("a waiting command is not sent yet", device=device_id, problem=str(problem))

    async def _claim(self, device_id: str) -> AnyRow | None:
        doubtful = device_id in self._doubtful
        self._doubtful.add(device_id)
        async with self._store.begin() as connection:
            now = await database_time(connection)
            over = await rows.expire(connection, now, device_id)
            row = await rows.first(connection, device_id)
            if doubtful and row is not None and row.state == CommandState.SENT and row.node_id == self._node_id:
                # The store took the claim and could not tell us: this command never went out.
                await rows.put_back(connection, row, self._node_id, sent=False)
                row = await rows.first(connection, device_id)
            if row is None or row.state != CommandState.PENDING:
                row = None  # nothing to do, or somebody is at the one before
            else:
                await rows.send(connection, row, self._node_id, now)
        await self._announcing.tell([as_command(one) for one in over])
        self._doubtful.discard(device_id)
        return row

    async def _carry(self, row: AnyRow) -> bool:
        """Tell the device, and write down how that ended; False when the next command has to wait."""
        end = await self._tell(row)
        while True:
            try:
                await self._settle(row, end)
            except Problem as problem:
                # The answer is known here and nowhere else: it is kept until the store takes it.
                _LOG.warning("the end of a command is not written yet", command=row.id, problem=str(problem))
                await asyncio.sleep(RETRY_AFTER)
            else:
                return not end.rest

    async def _tell(self, row: AnyRow) -> _End:
        attempt = row.attempts + 1
        rule = RULES[row.type]
        try:
            command = self._queue.command_of(row, f"q{row.id}-{attempt}")
            answered = await self._local.of(row.device_id).call(command, within=rule.within)
        except Problem as problem:
            return _end_of(problem, rule.repeat, attempt)
        if answered.ok:
            return _End(CommandState.ACKED, answered=answered)
        if attempt > 1 and isinstance(command, SessionCreate) and await self._exists(row, command):
            return _End(CommandState.ACKED, answered=answered)
        if attempt > 1 and rule.repeat is Repeat.NAMED:
            return _End(CommandState.UNKNOWN, error=answered.error, answered=answered)
        return _End(CommandState.FAILED, error=answered.error, answered=answered)

    async def _exists(self, row: AnyRow, command: SessionCreate) -> bool:
        """Whether the session runs that the device refuses to make again."""
        look = SessionSnapshotRequest(request_id=f"{command.request_id}-look", session_id=command.session_id)
        try:
            return (await self._local.of(row.device_id).call(look)).ok
        except Problem:
            return False

    async def _settle(self, row: AnyRow, end: _End) -> None:
        answer = None
        if end.answered is not None:
            answer = self._queue.sealed_answer(row.device_id, end.answered.events)
        async with self._store.begin() as connection:
            if end.state is CommandState.PENDING:
                await rows.put_back(connection, row, self._node_id, sent=end.sent)
            else:
                now = await database_time(connection)
                error = end.error
                await rows.finish(connection, row, self._node_id, end.state, now, error=error, answer=answer)
            after = await rows.find(connection, row.device_id, row.id)
        if after is not None:
            await self._announcing.tell([as_command(after)])


def _end_of(problem: Problem, repeat: Repeat, attempt: int) -> _End:
    """What a telling without an answer means for the command."""
    if problem.code in _NOT_NOW and not problem.details.get("sent"):
        return _End(CommandState.PENDING, sent=False, rest=True)
    if problem.code not in (ProblemCode.DEVICE_OFFLINE, ProblemCode.TIMEOUT):
        return _End(CommandState.FAILED, error=problem.message)
    if repeat is Repeat.ONCE:
        message = "The device did not answer. Look on it whether it happened; it is not told again."
        return _End(CommandState.UNKNOWN, error=message)
    if attempt >= MAX_ATTEMPTS:
        return _End(CommandState.FAILED, error=problem.message)
    return _End(CommandState.PENDING, rest=problem.code is ProblemCode.DEVICE_OFFLINE)
