"""The CSRF token: a change that a login cookie vouches for must also bring the token of that login."""

from __future__ import annotations

import hmac

from aiohttp import web

from foundation.web.context import VISIT, Login
from foundation.web.routing import AnyRoute
from foundation.web.security.origins import SAFE_METHODS
from foundation.web.security.secrets import uses_cookie
from protocol.problems import Problem, ProblemCode

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
"""The hidden field of forms; its value is :attr:`Login.csrf`."""


async def check_csrf(request: web.Request, route: AnyRoute, login: Login | None) -> None:
    """Raises :class:`Problem` CSRF_REFUSED where a cookie alone asks for a change.

    Open routes (login, setup) have no login to be ridden on; there the Origin check stands alone.
    """
    if request.method in SAFE_METHODS or route.role is None or login is None or not route.own_csrf:
        return
    visit = request.get(VISIT)
    if not (uses_cookie(request) if visit is None else visit.by_cookie):
        return
    given = request.headers.get(CSRF_HEADER)
    if given is None and route.kind == "form":
        field = (await request.post()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(_bytes(given), _bytes(login.csrf)):
        raise Problem(ProblemCode.CSRF_REFUSED, "The page is too old to make this change. Reload it and try again.")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
