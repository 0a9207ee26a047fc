"""From a command that arrived to the handler that carries it out and the answer that goes back."""

from __future__ import annotations

import logging
from functools import partial

from gateway.hub_link.channel import Request
from gateway.hub_link.commands.reply import Later, Reply, Row
from gateway.hub_link.commands.table import CommandTable
from gateway.hub_link.lanes import Job, Lanes, Rest
from gateway.hub_link.outbox import LinkGone
from gateway.hub_link.terms import Terms
from gateway.hub_link.trail import Trail
from protocol.problems import Problem, ProblemCode

log = logging.getLogger(__name__)


class Dispatcher:
    """Runs every command through its row of the table and answers it exactly once."""

    def __init__(self, table: CommandTable, lanes: Lanes, trail: Trail, terms: Terms) -> None:
        self._table = table
        self._lanes = lanes
        self._trail = trail
        self._terms = terms

    def deliver(self, request: Request, size: int) -> None:
        """Take a command on, or refuse it when too much is under way. Never waits."""
        row = self._table[type(request.command)]
        job = Job(partial(self._run, row, request), size)
        if not self._lanes.submit(row.lane(request.command), job):
            request.refuse(
                Problem(ProblemCode.TOO_MANY, "Too much is under way on this device. Wait for answers, then try again.")
            )

    async def _run(self, row: Row, request: Request) -> Rest | None:
        try:
            self._terms.check(row.needs)
            reply = await row.handle(request.command)
        except Exception as error:
            await self._refuse(row, request, _problem(request, error))
            return None
        if reply.later is None:
            await self._answer(row, request, reply)
            return None
        return partial(self._finish, row, request, reply, reply.later)

    async def _finish(self, row: Row, request: Request, reply: Reply, later: Later) -> None:
        try:
            await later(request)
        except LinkGone:
            await self._record(row, request, reply, ProblemCode.HUB_UNREACHABLE)
        except Exception as error:
            await self._refuse(row, request, _problem(request, error))
        else:
            await self._answer(row, request, reply)

    async def _answer(self, row: Row, request: Request, reply: Reply) -> None:
        await self._record(row, request, reply, "ok")
        try:
            if request.answered:
                pass
            elif reply.in_stream:
                await request.answer(*reply.events)
            else:
                request.answer_now(*reply.events)
            if reply.after is not None:
                await reply.after()
        except LinkGone:
            log.debug("the hub is gone before its %s was answered", request.command.type)

    async def _refuse(self, row: Row, request: Request, problem: Problem) -> None:
        await self._record(row, request, Reply(), problem.code)
        request.refuse(problem)

    async def _record(self, row: Row, request: Request, reply: Reply, result: str) -> None:
        if row.action is not None and reply.record:
            await self._trail.record(row.action, reply.target or row.target(request.command), result)


def _problem(request: Request, error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    log.error("%s of the hub failed in an unexpected way", request.command.type, exc_info=error)
    return Problem(ProblemCode.INTERNAL, "The device failed in an unexpected way. See its log, then try again.")
