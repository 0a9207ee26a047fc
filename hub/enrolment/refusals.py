"""Why a device is not let in, as problems. ``details["close"]`` is the close code for its socket."""

from __future__ import annotations

from datetime import timedelta

from pydantic import JsonValue

from protocol.close_codes import CloseCode
from protocol.problems import Problem, ProblemCode


def refused(code: ProblemCode, close: CloseCode, message: str, **details: JsonValue) -> Problem:
    """A refusal; its message is also the reason in the close frame."""
    return Problem(code, message, {**details, "close": int(close)})


def proof_wrong(why: str) -> Problem:
    """The device did not show that it holds the key."""
    return refused(ProblemCode.PROOF_WRONG, CloseCode.PROOF_WRONG, why)


def clock_wrong(ahead: timedelta) -> Problem:
    """The device's clock is off; ``ahead`` is negative where it is behind."""
    direction = "ahead" if ahead > timedelta(0) else "behind"
    message = f"The device's clock is {_spoken(abs(ahead))} {direction} of the hub's. Set the clock."
    return refused(ProblemCode.CLOCK_WRONG, CloseCode.CLOCK_WRONG, message, seconds=round(ahead.total_seconds()))


def revoked() -> Problem:
    """A person took the device off the hub."""
    message = "This device was taken off the hub. Its owner has to remove it there and claim it again."
    return refused(ProblemCode.DEVICE_REVOKED, CloseCode.REVOKED, message)


def duplicate_key(retry_after: int) -> Problem:
    """Another machine that uses the same key is connected, and stays so for now."""
    message = "Another machine uses this device's key. Give one of them an identity of its own."
    return refused(ProblemCode.FORBIDDEN, CloseCode.DUPLICATE_KEY, message, retry_after=retry_after)


def too_many(message: str, retry_after: int) -> Problem:
    """Wait ``retry_after`` seconds."""
    return refused(ProblemCode.RATE_LIMITED, CloseCode.TOO_MANY, message, retry_after=retry_after)


def _spoken(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}s"
    return f"{seconds} seconds"
