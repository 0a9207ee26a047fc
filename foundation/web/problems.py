"""Problems as HTTP answers: one table from code to status, one shape of body, one place that chooses page or JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from foundation.web.context import VISIT
from foundation.web.routing import AnyRoute
from protocol.problems import ErrorAnswer, Problem, ProblemCode

ProblemPage = Callable[[web.Request, Problem, int], Awaitable[web.StreamResponse]]
"""Renders a problem as a page (or a redirect to the login): the request, the problem, its HTTP status."""

RENDER_PROBLEM: web.AppKey[ProblemPage] = web.AppKey("render_problem")
"""Set by the pages; without it every problem is answered as JSON."""

REFUSAL: web.AppKey[Callable[[Problem], web.Response]] = web.AppKey("refusal")
"""Answers a problem to a program; without it the answer is :func:`json_answer`."""

HTTP_STATUS: Final[dict[ProblemCode, int]] = {
    ProblemCode.INVALID_REQUEST: 400,
    ProblemCode.MALFORMED_MESSAGE: 400,
    ProblemCode.MALFORMED_FRAME: 400,
    ProblemCode.UNKNOWN_COMMAND: 400,
    ProblemCode.UNKNOWN_EVENT: 400,
    ProblemCode.TOO_LARGE: 413,
    ProblemCode.NOT_FOUND: 404,
    ProblemCode.METHOD_NOT_ALLOWED: 405,
    ProblemCode.CONFLICT: 409,
    ProblemCode.NOT_LOGGED_IN: 401,
    ProblemCode.LOGIN_FAILED: 401,
    ProblemCode.FORBIDDEN: 403,
    ProblemCode.NOT_IN_CONTROL: 409,
    ProblemCode.RATE_LIMITED: 429,
    ProblemCode.CSRF_REFUSED: 403,
    ProblemCode.ORIGIN_REFUSED: 403,
    ProblemCode.HOST_REFUSED: 421,
    ProblemCode.SETUP_NEEDED: 403,
    ProblemCode.SETUP_DONE: 409,
    ProblemCode.SETUP_CODE_WRONG: 403,
    ProblemCode.NAME_TAKEN: 409,
    ProblemCode.WORKDIR_MISSING: 422,
    ProblemCode.SESSION_ENDED: 409,
    ProblemCode.SESSION_FAILED: 500,
    ProblemCode.TMUX_MISSING: 503,
    ProblemCode.AGENT_MISSING: 409,
    ProblemCode.TOO_MANY: 409,
    ProblemCode.RUNAWAY_OUTPUT: 409,
    ProblemCode.PATH_OUTSIDE_WORKSPACE: 403,
    ProblemCode.OUT_OF_ORDER: 409,
    ProblemCode.CHECKSUM_MISMATCH: 422,
    ProblemCode.TRANSFER_EXPIRED: 410,
    ProblemCode.DISK_FULL: 507,
    ProblemCode.PERMISSION_DENIED: 403,
    ProblemCode.KEY_INVALID: 422,
    ProblemCode.INSTALL_FAILED: 502,
    ProblemCode.UPDATE_UNAVAILABLE: 409,
    ProblemCode.HUB_UNREACHABLE: 502,
    ProblemCode.HUB_REFUSED: 502,
    ProblemCode.HUB_CHANGED: 409,
    ProblemCode.DEVICE_OFFLINE: 503,
    ProblemCode.DEVICE_REVOKED: 403,
    ProblemCode.PROOF_WRONG: 401,
    ProblemCode.CLOCK_WRONG: 409,
    ProblemCode.CLAIM_WRONG: 403,
    ProblemCode.TIMEOUT: 504,
    ProblemCode.UNAVAILABLE: 503,
    ProblemCode.INTERNAL: 500,
}
"""The HTTP status of each problem code (RFC 9110; 421, 429 and 507 as RFC 9110, RFC 6585 and RFC 4918 say)."""

_BY_STATUS: Final[dict[int, tuple[ProblemCode, str]]] = {
    404: (ProblemCode.NOT_FOUND, "There is nothing at this address. Check the path."),
    405: (
        ProblemCode.METHOD_NOT_ALLOWED,
        "This address does not take that method. Allow says which it takes.",
    ),
    413: (ProblemCode.TOO_LARGE, "The request is too large. Send less at once."),
    416: (ProblemCode.INVALID_REQUEST, "The file has no such range. Ask for bytes inside its size."),
}


def from_http(error: web.HTTPException) -> Problem:
    """The problem that one of aiohttp's own refusals stands for."""
    fallback = (ProblemCode.INVALID_REQUEST, "The request could not be understood. Check it against /docs.")
    code, message = _BY_STATUS.get(error.status, fallback)
    return Problem(code, message)


def json_answer(problem: Problem) -> web.Response:
    """A problem as ``{"error": …}``, with ``Retry-After`` (seconds) and ``WWW-Authenticate`` where they belong."""
    status = HTTP_STATUS[problem.code]
    response = web.Response(
        body=ErrorAnswer.of(problem).model_dump_json().encode(), status=status, content_type="application/json"
    )
    add_headers(response, problem)
    return response


async def answer(request: web.Request, route: AnyRoute | None, problem: Problem) -> web.StreamResponse:
    """A problem as a page for a browser on a page, else as JSON. ``route`` is None for unknown paths."""
    render = request.app.get(RENDER_PROBLEM)
    if render is None or not _wants_page(request, route):
        return request.app.get(REFUSAL, json_answer)(problem)
    response = await render(request, problem, HTTP_STATUS[problem.code])
    add_headers(response, problem)
    return response


def add_headers(response: web.StreamResponse, problem: Problem) -> None:
    """Put on the headers that RFC 9110 asks for with this problem."""
    retry_after = problem.details.get("retry_after")
    if isinstance(retry_after, int | float):
        response.headers["Retry-After"] = str(max(1, round(retry_after)))
    if response.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="hutch"'
    allowed = problem.details.get("allowed")
    if problem.code is ProblemCode.METHOD_NOT_ALLOWED and isinstance(allowed, list):
        response.headers["Allow"] = ", ".join(str(method) for method in allowed)


def _wants_page(request: web.Request, route: AnyRoute | None) -> bool:
    visit = request.get(VISIT)
    if visit is not None and visit.refusal is not None:
        return False  # whoever vouches shows it; nobody knows where our own pages would be
    is_page = route.kind in ("page", "form") if route else not request.path.startswith("/api/")
    return is_page and "text/html" in request.headers.get("Accept", "")
