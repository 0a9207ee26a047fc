"""The login cookie: the secret of a browser's login, out of reach of scripts and of other sites."""

from __future__ import annotations

from aiohttp import web

from gateway.accounts.types import Token
from webui.context import device_of

_NAME = "hutch_session"


def cookie_name(secure: bool) -> str:
    """``__Host-hutch_session`` over https (RFC 6265bis, 4.1.3.2), ``hutch_session`` in plain."""
    return f"__Host-{_NAME}" if secure else _NAME


def set_login_cookie(request: web.Request, response: web.StreamResponse, secret: str, token: Token) -> None:
    """Give the browser its login; the cookie dies with the token."""
    secure = device_of(request).secure_cookies
    max_age = None
    if token.expires_at is not None:
        max_age = max(0, int((token.expires_at - token.created_at).total_seconds()))
    response.set_cookie(
        cookie_name(secure), secret, path="/", httponly=True, samesite="Strict", secure=secure, max_age=max_age
    )


def clear_login_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Take the browser's login away."""
    secure = device_of(request).secure_cookies
    response.del_cookie(cookie_name(secure), path="/", httponly=True, samesite="Strict", secure=secure)
