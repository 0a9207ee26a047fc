"""How a turn went: from the end of its prompt to an outcome that says why."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from gateway.conversations.agent_client.agent import CANCEL_SECONDS, Answered
from gateway.conversations.config import ConversationsConfig
from gateway.conversations.failures import NO_ANSWER, Ending, of_answer, of_ending, of_problem, of_refusal
from gateway.conversations.live import Live
from gateway.conversations.turning import Turning
from gateway.conversations.types import TurnProblem, TurnState
from protocol.problems import Problem, ProblemCode

WRONG: Final = TurnProblem(
    code=ProblemCode.INTERNAL, message="Something went wrong in Hutch. See its log, then try again."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a turn ended; ``trust`` says whether the agent is in a state to go on with."""

    state: TurnState
    problem: TurnProblem | None = None
    trust: bool = True


async def judge(live: Live, turning: Turning, work: asyncio.Task[Answered]) -> Outcome:
    """What became of a prompt that is over."""
    from acp.exceptions import RequestError
    from pydantic import ValidationError

    try:
        answered = work.result()
    except RequestError as error:
        return Outcome(TurnState.FAILED, of_answer(error.code, str(error), error.data))
    except ConnectionError:
        return Outcome(TurnState.FAILED, await _why_gone(live), trust=False)
    except ValidationError:
        problem = Problem(ProblemCode.MALFORMED_MESSAGE, "The agent answered what nobody can read. Update its CLI.")
        return Outcome(TurnState.FAILED, of_problem(problem), trust=False)
    turning.add_usage(answered.usage)
    if answered.stop_reason == "cancelled":
        return Outcome(TurnState.CANCELLED)
    why = of_refusal(answered.stop_reason)
    if turning.failure:
        why = of_answer(0, turning.failure, None)
    elif why is None and turning.message() is None and not turning.usage.output_tokens:
        why = NO_ANSWER
    return Outcome(TurnState.DONE if why is None else TurnState.FAILED, why)


async def _why_gone(live: Live) -> TurnProblem:
    agent = live.agent
    if agent is None:
        return WRONG
    if agent.child.lines.problem is not None:
        return of_problem(agent.child.lines.problem)
    code: int | None = None
    with suppress(TimeoutError):
        async with asyncio.timeout(CANCEL_SECONDS):
            code = await agent.child.wait()
    return of_ending(Ending(code, agent.child.errors))


async def until_silent(live: Live, turning: Turning, config: ConversationsConfig) -> None:
    """Come back when nothing was heard for too long while nobody but the agent was to say something."""
    loop = asyncio.get_running_loop()
    while True:
        if turning.waits or live.agent is None or live.agent.session_id is None:
            turning.heard_at = loop.time()
        limit = config.tool_silence_seconds if turning.tool_runs else config.silence_seconds
        left = turning.heard_at + limit - loop.time()
        if left <= 0:
            return
        await asyncio.sleep(left)
