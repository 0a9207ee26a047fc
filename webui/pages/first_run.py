"""Making a new device yours: the one-time code, a name, a password."""

from __future__ import annotations

from aiohttp import web

from foundation.web.context import note, source_of
from foundation.web.pages.entrance import SetupForm, SetupView
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import see
from foundation.web.pages.rendering import render
from webui.context import device_of
from webui.security.logins import keep_login


async def setup_page(request: web.Request) -> web.StreamResponse:
    """GET /setup, as long as nobody owns the device."""
    if not await device_of(request).accounts.needs_setup():
        return see(request, "/")
    return await _page(request, FormState(), 200)


async def complete_setup(request: web.Request) -> web.StreamResponse:
    """POST /setup: makes the first admin and logs them in."""

    show_refusals(request, _page)
    form = await read_form(request, SetupForm)
    identity, secret = await device_of(request).accounts.complete_setup(
        form.code, form.username, form.password, source_of(request)
    )
    note(request).who = identity.person.name
    answer = see(request, "/")
    keep_login(request, answer, secret, identity.token)
    return answer


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    view = SetupView(title="Make this device yours", form=state)
    return render(request, "setup.html", view, status)
