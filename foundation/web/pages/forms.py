"""Plain HTML forms into typed values, and refusals back onto the page the form stands on.

A handler says with :func:`show_refusals` how its page looks with a problem on it and then raises problems like any
other handler: the audit log sees the code, the person sees the form again with what they typed and a sentence beside
the field.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from foundation.web.site import site_of
from protocol.problems import Problem, ProblemCode

M = TypeVar("M", bound=BaseModel)

_NEVER_SHOWN_AGAIN = frozenset(
    {"password", "passphrase", "again", "token", "csrf_token", "old_password", "address", "environment"}
)


@dataclass(frozen=True, slots=True)
class FormState:
    """What a form shows: the values somebody typed, a sentence per field, and one for the form as a whole."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None

    def value(self, name: str, otherwise: str = "") -> str:
        """What stands in a field."""
        return self.values.get(name, otherwise)

    def error(self, name: str) -> str | None:
        """What is wrong with a field."""
        return self.errors.get(name)


RefusedPage = Callable[[FormState, int], Awaitable[web.StreamResponse]]
FormPage = Callable[[web.Request, FormState, int], Awaitable[web.StreamResponse]]
"""Renders the page of a form: the request, what the form shows, the HTTP status."""
_PAGES: Final[web.RequestKey[RefusedPage]] = web.RequestKey("refused_page_of_form")


def show_refusals(request: web.Request, page: FormPage) -> None:
    """From now on a problem of this request is shown on ``page``."""

    async def refused(state: FormState, status: int) -> web.StreamResponse:
        return await page(request, state, status)

    request[_PAGES] = refused


def refused_page(request: web.Request) -> RefusedPage | None:
    """The page a problem of this request belongs on, if a form handler named one."""
    return request.get(_PAGES)


async def read_form(request: web.Request, model: type[M]) -> M:
    """The posted form as ``model``. Raises :class:`Problem` INVALID_REQUEST with a sentence per field in ``fields``."""
    try:
        return model.model_validate(await posted(request))
    except ValidationError as error:
        raise _invalid(error) from None


async def posted(request: web.Request) -> dict[str, str]:
    """The text fields of a posted form; files are not taken here."""
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


async def state_of(request: web.Request, problem: Problem) -> FormState:
    """What the form shows after ``problem``; secrets are never sent back."""
    values = {name: value[:4000] for name, value in (await posted(request)).items() if name not in _NEVER_SHOWN_AGAIN}
    errors = _field_errors(problem)
    pages = site_of(request).pages
    if not errors and pages is not None and (name := pages.fields.get(problem.code)) is not None:
        errors = {name: problem.message}
    return FormState(values=values, errors=errors, problem=None if errors else problem.message)


def _field_errors(problem: Problem) -> dict[str, str]:
    one = problem.details.get("field")
    if isinstance(one, str):
        return {one: problem.message}
    fields = problem.details.get("fields")
    if not isinstance(fields, list):
        return {}
    found: dict[str, str] = {}
    for item in fields:
        if isinstance(item, dict):
            found.setdefault(str(item.get("field")), str(item.get("problem")))
    return found


def _invalid(error: ValidationError) -> Problem:
    fields: list[JsonValue] = [
        {"field": str(item["loc"][0]) if item["loc"] else "", "problem": _sentence(item)}
        for item in error.errors(include_url=False, include_input=False)[:20]
    ]
    return Problem(ProblemCode.INVALID_REQUEST, "Look at the marked fields.", {"fields": fields})


_SENTENCES: Final[dict[str, str]] = {
    "missing": "Fill this in.",
    "string_too_short": "Use at least {min_length} characters.",
    "string_too_long": "Use at most {max_length} characters.",
    "enum": "Choose one of the offered values.",
    "literal_error": "Choose one of the offered values.",
    "date_parsing": "Give a date.",
    "date_from_datetime_parsing": "Give a date.",
}
"""pydantic's error types in words for the person in front of the form."""


def _sentence(item: ErrorDetails) -> str:
    context = item.get("ctx", {})
    if item["type"] == "string_too_short" and context.get("min_length") == 1:
        return _SENTENCES["missing"]
    words = _SENTENCES.get(item["type"])
    return words.format(**context) if words else f"{item['msg']}."
