"""The secret that a request shows for whoever sent it: a bearer token, or the login cookie."""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs, web

from foundation.web.security.cookies import login_cookie

LONGEST: Final = 256
"""Characters of a secret that are looked at; none of ours is longer."""


def bearer_of(request: web.Request) -> str | None:
    """The bearer token a request shows (RFC 6750, 2.1), or None."""
    scheme, _, secret = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def shown_secret(request: web.Request) -> str | None:
    """The bearer token or, without one, the cookie's value; None or empty where neither is shown.

    May be longer than :data:`LONGEST`: such a secret is nobody's.
    """
    bearer = bearer_of(request)
    return bearer if bearer is not None else login_cookie(request)


def uses_cookie(request: web.Request) -> bool:
    """Whether the cookie is what counts: a bearer token, even a wrong one, comes before it."""
    return bearer_of(request) is None and bool(login_cookie(request))
