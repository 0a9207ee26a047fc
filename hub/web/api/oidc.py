"""Login at the OpenID provider: the way there, and the way back."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from foundation.web.context import note, source_of
from foundation.web.parsing import parse_query
from foundation.web.security.cookies import cookie_name
from foundation.web.site import site_of
from hub.people.oidc.flow import LIFETIME_SECONDS, Flow
from hub.people.oidc.logins import ExternalLogins
from hub.web.api.models.oidc import Callback
from hub.web.api.organisations import public_origin
from hub.web.context import hub_of
from hub.web.security.cookies import keep_login
from protocol.problems import Problem, ProblemCode

CALLBACK: Final = "/api/auth/oidc/callback"
_COOKIE: Final = "hutch_hub_oidc"
# On a redirect out of another site a browser leaves our Strict cookie out; a page of ours that leads on takes it along.
_LEAD_ON: Final = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/">'
    b'<title>Logged in</title><p><a href="/">Go on</a></p></html>'
)


async def start(request: web.Request) -> web.StreamResponse:
    """Go to the provider to log in."""
    flow = Flow.begin()
    response = web.Response(status=302)
    response.headers["Location"] = await _logins(request).begin(flow, _redirect_uri(request))
    response.set_cookie(
        _cookie(request),
        flow.secret,
        max_age=LIFETIME_SECONDS,
        path="/",
        httponly=True,
        secure=site_of(request).secure_cookies,
        # Lax: the way back is a link from another site.
        samesite="Lax",
    )
    return response


async def finish(request: web.Request) -> web.StreamResponse:
    """Come back from the provider, and be logged in."""
    logins = _logins(request)
    query = parse_query(request, Callback)
    flow = Flow.from_cookie(request.cookies.get(_cookie(request)))
    if flow is None:
        raise Problem(
            ProblemCode.LOGIN_FAILED, "This login was not begun in this browser, or took too long. Start again."
        )
    if query.code is None or query.state is None:
        raise Problem(ProblemCode.LOGIN_FAILED, "The provider did not let you in. Start again, or ask whoever runs it.")
    identity, secret = await logins.finish(
        flow, query.state, query.code, _redirect_uri(request), source=source_of(request), issuer=query.iss
    )
    note(request).who = note(request).target = identity.name
    response = web.Response(body=_LEAD_ON, content_type="text/html", charset="utf-8")
    response.del_cookie(_cookie(request), path="/", httponly=True, secure=site_of(request).secure_cookies)
    keep_login(request, response, secret, identity.token)
    return response


def _logins(request: web.Request) -> ExternalLogins:
    found = hub_of(request).external_logins
    if found is None:
        raise Problem(ProblemCode.NOT_FOUND, "This hub has no OpenID provider. Log in with a password.")
    return found


def _redirect_uri(request: web.Request) -> str:
    return f"{public_origin(request)}{CALLBACK}"


def _cookie(request: web.Request) -> str:
    return cookie_name(_COOKIE, secure=site_of(request).secure_cookies)
