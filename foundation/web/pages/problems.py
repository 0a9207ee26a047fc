"""What went wrong, as a page in plain words; a refused form gets its own page back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web

from foundation.web.addresses import local_path, without_prefix
from foundation.web.context import CLIENT
from foundation.web.pages.forms import refused_page, state_of
from foundation.web.pages.notices import see
from foundation.web.pages.rendering import PageView, render
from foundation.web.site import site_of
from protocol.problems import Problem, ProblemCode

_TITLES: Final[dict[int, str]] = {
    400: "That request was not understood",
    403: "You may not do this",
    404: "There is nothing here",
    405: "That is not how this address works",
    409: "That does not fit together",
    410: "That is gone",
    413: "That is too large",
    429: "Slow down for a moment",
    500: "Something broke",
    503: "Not available right now",
    507: "The disk is full",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemView(PageView):
    """A problem: its title, the sentence that says what to do, its code, and where to go from here."""

    status: int
    code: str
    message: str
    addresses: tuple[str, ...] = ()


async def render_problem(request: web.Request, problem: Problem, status: int) -> web.StreamResponse:
    """The page for ``problem``: the form it came from, a redirect to where one logs in, or the problem itself."""
    if problem.code is ProblemCode.SETUP_NEEDED:
        return see(request, "/setup")
    if problem.code is ProblemCode.NOT_LOGGED_IN:
        return see(request, _login_address(request))
    page = refused_page(request)
    if page is not None:
        return await page(await state_of(request, problem), status)
    view = ProblemView(
        title=_title(request, status),
        status=status,
        code=problem.code.value,
        message=problem.message,
        addresses=site_of(request).own_names if problem.code is ProblemCode.HOST_REFUSED else (),
    )
    return render(request, "problem.html", view, status)


def _title(request: web.Request, status: int) -> str:
    if status == 421:
        return f"This is not the name of this {site_of(request).noun}"
    return _TITLES.get(status, "That did not work")


def _login_address(request: web.Request) -> str:
    wanted = request.path_qs if request.method == "GET" else _page_of_form(request)
    return "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='/')}"


def _page_of_form(request: web.Request) -> str:
    """The page a form was sent from, which is the place to come back to: what was typed cannot be sent again."""
    try:
        page = urlsplit(request.headers.get(hdrs.REFERER, ""))
    except ValueError:
        return "/"
    return local_path(without_prefix(request, page.path)) if page.netloc == request[CLIENT].host else "/"
