"""Setup, login, logout, and who one is."""

from __future__ import annotations

from aiohttp import hdrs, web

from foundation.web.answers import answer, nothing
from foundation.web.context import note, source_of
from foundation.web.parsing import parse_body
from foundation.web.security.cookies import clear_login_cookie
from gateway.accounts.types import Identity
from protocol.problems import Problem
from webui.api.models.accounts import Login, LoginAnswer, MeAnswer, Setup
from webui.context import device_of, identity_of
from webui.security.logins import keep_login


async def set_up(request: web.Request) -> web.Response:
    """Make the device yours: the first admin, against the code that the device shows."""
    body = await parse_body(request, Setup)
    identity, secret = await device_of(request).accounts.complete_setup(
        body.code, body.username, body.password.get_secret_value(), source_of(request)
    )
    return _logged_in(request, identity, secret, 201)


async def log_in(request: web.Request) -> web.Response:
    """Name and password for a login: the cookie for browsers, the token for programs."""
    body = await parse_body(request, Login)
    accounts = device_of(request).accounts
    label = body.label or request.headers.get(hdrs.USER_AGENT, "")[:200]
    try:
        identity, secret = await accounts.log_in(
            body.username, body.password.get_secret_value(), source_of(request), _printable(label)
        )
    except Problem:
        # A name nobody has may be a password typed into the wrong field: it does not go into the log.
        known = any(person.name == body.username for person in await accounts.people())
        note(request).target = body.username if known else "unknown name"
        raise
    return _logged_in(request, identity, secret, 200)


async def log_out(request: web.Request) -> web.Response:
    """End the login that asks; its sockets are closed."""
    await device_of(request).accounts.log_out(identity_of(request))
    response = nothing()
    clear_login_cookie(request, response)
    return response


async def me(request: web.Request) -> web.Response:
    """Who asks, and the CSRF token of this login."""
    return answer(MeAnswer.of(identity_of(request)))


def _logged_in(request: web.Request, identity: Identity, secret: str, status: int) -> web.Response:
    note(request).who = identity.person.name
    note(request).target = identity.person.name
    response = answer(LoginAnswer.of(identity, secret), status)
    keep_login(request, response, secret, identity.token)
    return response


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())
