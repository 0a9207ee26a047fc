"""The login cookie: the secret of a browser's login, out of reach of scripts and of other sites."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from foundation.web.addresses import cookie_path
from foundation.web.site import site_of


def cookie_name(name: str, *, secure: bool, path: str = "/") -> str:
    """``__Host-NAME`` over https (RFC 6265bis, 4.1.3.2), ``__Secure-NAME`` below a prefix, ``NAME`` in plain."""
    if not secure:
        return name
    return f"__Host-{name}" if path == "/" else f"__Secure-{name}"


def login_cookie(request: web.Request) -> str | None:
    """What the browser shows as its login."""
    return request.cookies.get(_name(request))


def set_login_cookie(
    request: web.Request, response: web.StreamResponse, secret: str, lifetime: timedelta | None
) -> None:
    """Give the browser its login; the cookie dies after ``lifetime``, or with the browser."""
    response.set_cookie(
        _name(request),
        secret,
        path=cookie_path(request),
        httponly=True,
        samesite="Strict",
        secure=site_of(request).secure_cookies,
        max_age=None if lifetime is None else max(0, int(lifetime.total_seconds())),
    )


def clear_login_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Take the browser's login away."""
    secure = site_of(request).secure_cookies
    response.del_cookie(_name(request), path=cookie_path(request), httponly=True, samesite="Strict", secure=secure)


def _name(request: web.Request) -> str:
    site = site_of(request)
    return cookie_name(site.cookie, secure=site.secure_cookies, path=cookie_path(request))
