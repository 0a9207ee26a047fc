"""Setup, login, logout, who one is, and one's own password."""

from __future__ import annotations

from aiohttp import hdrs, web

from foundation.accounts.rules import plain_name
from foundation.web.answers import answer, nothing
from foundation.web.context import note, source_of
from foundation.web.parsing import parse_body
from foundation.web.security.cookies import clear_login_cookie
from hub.people.tokens import refuse_programs
from hub.people.types import Identity
from hub.web.api.models.people import Login, LoginAnswer, MeAnswer, PasswordChange, Setup
from hub.web.context import hub_of, identity_of
from hub.web.security.cookies import keep_login
from protocol.problems import Problem


async def set_up(request: web.Request) -> web.Response:
    """Make the hub yours: its first administrator and organisation, against the code that the console shows."""
    body = await parse_body(request, Setup)
    identity, secret = await hub_of(request).people.logins.complete_setup(
        body.code, body.username, body.password.get_secret_value(), body.organisation, source_of(request)
    )
    return logged_in(request, identity, secret, 201)


async def log_in(request: web.Request) -> web.Response:
    """Name and password for a login: the cookie for browsers, the token for programs."""
    body = await parse_body(request, Login)
    people = hub_of(request).people
    label = body.label or request.headers.get(hdrs.USER_AGENT, "")[:200]
    try:
        identity, secret = await people.logins.log_in(
            body.username, body.password.get_secret_value(), source_of(request), label
        )
    except Problem:
        # A name nobody has may be a password typed into the wrong field: it does not go into the log.
        known = plain_name(body.username)
        found = known is not None and await people.accounts.is_there(known)
        note(request).target = known if known is not None and found else "unknown name"
        raise
    return logged_in(request, identity, secret, 200)


async def log_out(request: web.Request) -> web.Response:
    """End the login that asks; its sockets are closed."""
    await hub_of(request).people.logins.log_out(identity_of(request))
    response = nothing()
    clear_login_cookie(request, response)
    return response


async def me(request: web.Request) -> web.Response:
    """Who asks, what they may do, and the CSRF token of this login."""
    return answer(MeAnswer.of(identity_of(request)))


async def change_password(request: web.Request) -> web.Response:
    """Give oneself another password; every other login and token of one's own ends."""
    body = await parse_body(request, PasswordChange)
    identity = identity_of(request)
    refuse_programs(identity)
    note(request).target = identity.name
    old = body.old.get_secret_value() if body.old else ""
    await hub_of(request).people.logins.change_own_password(
        identity, old, body.new.get_secret_value(), source_of(request)
    )
    return nothing()


def logged_in(request: web.Request, identity: Identity, secret: str, status: int) -> web.Response:
    """The answer to somebody who has just got in."""
    note(request).who = identity.name
    note(request).target = identity.name
    response = answer(LoginAnswer.of(identity, secret), status)
    keep_login(request, response, secret, identity.token)
    return response
