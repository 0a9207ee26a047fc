"""A login that a browser keeps."""

from __future__ import annotations

from aiohttp import web

from foundation.web.security.cookies import set_login_cookie
from hub.people.types import Token


def keep_login(request: web.Request, response: web.StreamResponse, secret: str, token: Token) -> None:
    """Give the browser its login; the cookie dies with the token."""
    lifetime = None if token.expires_at is None else token.expires_at - token.created_at
    set_login_cookie(request, response, secret, lifetime)
