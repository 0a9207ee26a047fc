"""The Origin check: a request that a browser sends for another site's page is refused."""

from __future__ import annotations

from aiohttp import hdrs, web

from foundation.web.context import Client
from protocol.problems import Problem, ProblemCode

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def check_origin(request: web.Request, client: Client, noun: str, *, is_websocket: bool) -> None:
    """Refuse a request whose Origin is not exactly ``scheme://Host``. Raises :class:`Problem` ORIGIN_REFUSED.

    Every request is checked, reads too: our own pages never send another Origin. Without an Origin, a change that the
    browser itself calls foreign (``Sec-Fetch-Site``) is refused, and so is a WebSocket that brings cookies: browsers
    always send Origin with those, and WebSockets are outside the same-origin policy (RFC 6455, 10.2).
    """
    origins = request.headers.getall(hdrs.ORIGIN, [])
    if origins:
        allowed = len(origins) == 1 and _same(origins[0], client)
    elif is_websocket:
        allowed = hdrs.COOKIE not in request.headers
    else:
        foreign = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        allowed = request.method in SAFE_METHODS or not foreign
    if not allowed:
        raise Problem(
            ProblemCode.ORIGIN_REFUSED, f"This request comes from another site's page. Open the {noun}'s own page."
        )


def _same(origin: str, client: Client) -> bool:
    return client.host is not None and origin.lower() == f"{client.scheme}://{client.host}".lower()
