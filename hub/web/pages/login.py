"""Logging in, with a password or at an OpenID provider, and out."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import hdrs, web

from foundation.accounts.rules import plain_name
from foundation.web.addresses import local_path
from foundation.web.context import note, source_of
from foundation.web.pages.entrance import LoginForm, LoginView, wanted_by
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to, see
from foundation.web.pages.rendering import render
from foundation.web.security.cookies import clear_login_cookie
from hub.web.context import hub_of, identity_of, identity_or_none
from hub.web.security.cookies import keep_login
from protocol.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLoginView(LoginView):
    """The other way in, where there is one."""

    provider: str
    """What the button of the OpenID provider says; empty without one."""
    provider_path: str


async def login_page(request: web.Request) -> web.StreamResponse:
    """GET /login."""
    if await hub_of(request).people.logins.needs_setup():
        return see(request, "/setup")
    wanted = local_path(request.query.get("next", "/"))
    if identity_or_none(request) is not None:
        return see(request, wanted)
    return _page(request, FormState(), wanted, 200)


async def log_in(request: web.Request) -> web.StreamResponse:
    """POST /login: sets the cookie and goes where the person wanted to go."""
    show_refusals(request, _refused)
    form = await read_form(request, LoginForm)
    people = hub_of(request).people
    label = request.headers.get(hdrs.USER_AGENT, "")[:200]
    try:
        identity, secret = await people.logins.log_in(form.username, form.password, source_of(request), label)
    except Problem:
        # A name nobody has may be a password typed into the wrong field: it does not go into the log.
        known = plain_name(form.username)
        note(request).target = known if known and await people.accounts.is_there(known) else "unknown name"
        raise
    note(request).who = note(request).target = identity.name
    answer = see(request, local_path(form.next))
    keep_login(request, answer, secret, identity.token)
    return answer


async def log_out(request: web.Request) -> web.StreamResponse:
    """POST /logout: the login stops working everywhere at once."""
    await hub_of(request).people.logins.log_out(identity_of(request))
    answer = back_to(request, "/login", "logged-out")
    clear_login_cookie(request, answer)
    return answer


async def _refused(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    return _page(request, state, await wanted_by(request), status)


def _page(request: web.Request, state: FormState, wanted: str, status: int) -> web.Response:
    settings = hub_of(request).settings
    view = HubLoginView(
        title="Log in",
        form=state,
        next=wanted,
        provider=settings.oidc_name if settings.oidc_issuer else "",
        provider_path=f"/api/auth/oidc/start?{urlencode({'next': wanted})}",
    )
    return render(request, "login.html", view, status)
