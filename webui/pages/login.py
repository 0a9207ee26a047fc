"""Logging in and out."""

from __future__ import annotations

from aiohttp import web

from foundation.web.addresses import local_path
from foundation.web.context import note, source_of
from foundation.web.pages.entrance import LoginForm, LoginView, wanted_by
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to, see
from foundation.web.pages.rendering import render
from foundation.web.security.cookies import clear_login_cookie
from webui.context import device_of, identity_of, identity_or_none
from webui.security.logins import keep_login


async def login_page(request: web.Request) -> web.StreamResponse:
    """GET /login."""
    if await device_of(request).accounts.needs_setup():
        return see(request, "/setup")
    wanted = local_path(request.query.get("next", "/"))
    if identity_or_none(request) is not None:
        return see(request, wanted)
    return _page(request, FormState(), wanted, 200)


async def log_in(request: web.Request) -> web.StreamResponse:
    """POST /login: sets the cookie and goes where the person wanted to go."""
    show_refusals(request, _refused)
    form = await read_form(request, LoginForm)
    note(request).target = form.username
    identity, secret = await device_of(request).accounts.log_in(
        form.username, form.password, source_of(request), request.headers.get("User-Agent", "")[:200]
    )
    note(request).who = identity.person.name
    answer = see(request, local_path(form.next))
    keep_login(request, answer, secret, identity.token)
    return answer


async def log_out(request: web.Request) -> web.StreamResponse:
    """POST /logout: the login stops working everywhere at once."""
    await device_of(request).accounts.log_out(identity_of(request))
    answer = back_to(request, "/login", "logged-out")
    clear_login_cookie(request, answer)
    return answer


async def _refused(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    return _page(request, state, await wanted_by(request), status)


def _page(request: web.Request, state: FormState, wanted: str, status: int) -> web.Response:
    return render(request, "entrance.html", LoginView(title="Log in", form=state, next=wanted), status)
