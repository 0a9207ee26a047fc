"""Making a new hub yours: the one-time code, a name, a password, and whose devices they will be."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field

from foundation.web.context import note, source_of
from foundation.web.pages.entrance import SetupForm, SetupView
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import see
from foundation.web.pages.rendering import render
from hub.web.context import hub_of
from hub.web.security.cookies import keep_login


class HubSetupForm(SetupForm):
    """The first organisation as well."""

    organisation: str = Field(min_length=1, max_length=200)


async def setup_page(request: web.Request) -> web.StreamResponse:
    """GET /setup, as long as nobody owns the hub."""
    if not await hub_of(request).people.logins.needs_setup():
        return see(request, "/")
    return await _page(request, FormState(), 200)


async def complete_setup(request: web.Request) -> web.StreamResponse:
    """POST /setup: makes the first administrator and organisation, and logs in."""
    show_refusals(request, _page)
    form = await read_form(request, HubSetupForm)
    identity, secret = await hub_of(request).people.logins.complete_setup(
        form.code, form.username, form.password, form.organisation, source_of(request)
    )
    note(request).who = identity.name
    answer = see(request, "/")
    keep_login(request, answer, secret, identity.token)
    return answer


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    view = SetupView(title="Make this hub yours", form=state)
    return render(request, "setup.html", view, status)
