"""Answers of a REST API, typed, or the problem they carry."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from protocol.problems import ErrorAnswer, Problem, ProblemCode

Answer = TypeVar("Answer", bound=BaseModel)


class Nothing(BaseModel):
    """The answer of a request that has none."""


def read_answer(status: int, body: bytes, answer: type[Answer], who: str) -> Answer:
    """The answer of ``who`` (device or hub). Raises :class:`Problem`: the one it carries, or INTERNAL."""
    try:
        if status < 400:
            return answer.model_validate_json(body or b"{}")
        error = ErrorAnswer.model_validate_json(body).error
    except ValidationError:
        raise Problem(
            ProblemCode.INTERNAL, f"The {who} answered {status} in a form this command does not know. Update both."
        ) from None
    raise Problem(error.code, error.message, error.details)
