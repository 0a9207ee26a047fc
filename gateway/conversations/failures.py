"""Why a turn failed: from what a program answered, said and how it ended, to a sentence that says what to do."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import Final

from gateway.conversations.types import TurnProblem
from protocol.problems import Problem, ProblemCode

AUTH_REQUIRED: Final = -32000
"""The protocol's code for an agent without a login (agentclientprotocol.com, Error Codes)."""

STOPPED: Final = TurnProblem(
    code=ProblemCode.UNAVAILABLE, message="Hutch was stopped in the middle of this turn. Send it again."
)
SILENT: Final = TurnProblem(
    code=ProblemCode.TIMEOUT, message="The agent said nothing for too long and was stopped. Try again."
)
NO_ANSWER: Final = TurnProblem(
    code=ProblemCode.SESSION_FAILED, message="The agent ended the turn without a word. Try again."
)
_LOGIN: Final = (ProblemCode.NOT_LOGGED_IN, "The agent is not logged in. Log in on the page of agent CLIs, then retry.")
_LIMIT: Final = (ProblemCode.RATE_LIMITED, "The model's provider refuses more for now (rate limit). Retry later.")
_QUOTA: Final = (ProblemCode.RATE_LIMITED, "The credit or quota at the model's provider is used up. Top it up, retry.")
_NETWORK: Final = (ProblemCode.UNAVAILABLE, "The model's provider cannot be reached. Check the network, then retry.")
_BUSY: Final = (ProblemCode.UNAVAILABLE, "The model's provider has a fault of its own. Retry in a while.")
_MEMORY: Final = (ProblemCode.UNAVAILABLE, "The agent ran out of memory. End other agents or sessions, then retry.")
_DISK: Final = (ProblemCode.DISK_FULL, "The disk is full. Remove something, then retry.")

_SIGNS: Final[tuple[tuple[re.Pattern[str], tuple[ProblemCode, str]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"heap out of memory|out of memory|ENOMEM|cannot allocate memory|\bOOM\b", _MEMORY),
        (r"ENOSPC|no space left on device", _DISK),
        (r"insufficient[_ ](?:quota|credit|balance)|credit balance|billing|exceeded your current quota", _QUOTA),
        (r"\b429\b|rate.?limit|too many requests|resource.?exhausted|usage limit|overloaded|\b529\b", _LIMIT),
        (
            r"\b401\b|unauthori[sz]ed|not logged in|auth(?:entication)?[_ ](?:required|error|failed)|"
            r"(?:invalid|incorrect|wrong) (?:x-)?api.?key|api key (?:not valid|expired|missing)|"
            r"please (?:run )?/?log.?in|oauth token (?:has )?expired|authentication required",
            _LOGIN,
        ),
        (
            r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|fetch failed|"
            r"socket hang up|network error|connection (?:error|refused|reset|closed)|dns error|"
            r"error sending request|stream disconnected|unable to connect|terminated",
            _NETWORK,
        ),
        (r"\b50[0234]\b|internal server error|bad gateway|service unavailable|gateway timeout", _BUSY),
    )
)
_RETRY_IS_VAIN: Final = frozenset({ProblemCode.INVALID_REQUEST, ProblemCode.PATH_OUTSIDE_WORKSPACE})
_MAX_QUOTE: Final = 300


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended, and the last it said on standard error."""

    code: int | None
    errors: str


def of_problem(problem: Problem) -> TurnProblem:
    """A refusal of our own."""
    return TurnProblem(code=problem.code, message=problem.message, retryable=problem.code not in _RETRY_IS_VAIN)


def of_answer(code: int, message: str, data: object) -> TurnProblem:
    """An error that the agent answered."""
    found = _sign(f"{message} {data if data is not None else ''}")
    if found is None and code == AUTH_REQUIRED:
        found = _problem(_LOGIN)
    return found or TurnProblem(
        code=ProblemCode.SESSION_FAILED, message=f"The agent could not do it: {_quote(_reason(message, data))}"
    )


def of_ending(ending: Ending) -> TurnProblem:
    """A program that ended in the middle of a turn."""
    if ending.code == -signal.SIGKILL:
        return TurnProblem(
            code=ProblemCode.UNAVAILABLE,
            message="The agent was killed, most likely for want of memory. End other agents or sessions, then retry.",
        )
    found = _sign(ending.errors)
    if found is not None:
        return found
    how = f"with signal {-ending.code}" if ending.code is not None and ending.code < 0 else f"with code {ending.code}"
    last = next((line.strip() for line in reversed(ending.errors.splitlines()) if line.strip()), "")
    more = f": {_quote(last)}" if last else "."
    return TurnProblem(
        code=ProblemCode.SESSION_FAILED, message=f"The agent's program ended in the middle of the turn {how}{more}"
    )


def of_refusal(stop_reason: str) -> TurnProblem | None:
    """A turn that stopped for a reason that is none to be content with."""
    if stop_reason == "refusal":
        return TurnProblem(
            code=ProblemCode.FORBIDDEN, message="The model refuses to answer this. Ask for something else."
        )
    return None


def _sign(said: str) -> TurnProblem | None:
    return next((_problem(meaning) for pattern, meaning in _SIGNS if pattern.search(said)), None)


def _problem(meaning: tuple[ProblemCode, str]) -> TurnProblem:
    return TurnProblem(code=meaning[0], message=meaning[1])


def _reason(message: str, data: object) -> str:
    if isinstance(data, dict):
        for name in ("details", "message", "error"):
            if isinstance(data.get(name), str):
                return str(data[name])
    return str(data) if isinstance(data, str) and data else message


def _quote(text: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return plain[:_MAX_QUOTE]
