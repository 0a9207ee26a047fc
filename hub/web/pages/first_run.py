"""Making a new hub yours: the one-time code, a name, a password, and whose devices they will be."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.accounts.rules import MIN_PASSWORD
from foundation.web.context import note, source_of
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import see
from foundation.web.pages.rendering import PageView, render
from hub.web.context import hub_of
from hub.web.security.cookies import keep_login


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupView(PageView):
    """The form of the first run."""

    form: FormState
    min_password: int


class SetupForm(BaseModel):
    """The code that proves that somebody runs the hub, its first administrator, and the first organisation."""

    model_config = ConfigDict(extra="ignore")

    code: str = Field(min_length=1, max_length=64)
    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)
    organisation: str = Field(min_length=1, max_length=200)


async def setup_page(request: web.Request) -> web.StreamResponse:
    """GET /setup, as long as nobody owns the hub."""
    if not await hub_of(request).people.logins.needs_setup():
        return see(request, "/")
    return await _page(request, FormState(), 200)


async def complete_setup(request: web.Request) -> web.StreamResponse:
    """POST /setup: makes the first administrator and organisation, and logs in."""
    show_refusals(request, _page)
    form = await read_form(request, SetupForm)
    identity, secret = await hub_of(request).people.logins.complete_setup(
        form.code, form.username, form.password, form.organisation, source_of(request)
    )
    note(request).who = identity.name
    answer = see(request, "/")
    keep_login(request, answer, secret, identity.token)
    return answer


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    view = SetupView(title="Make this hub yours", form=state, min_password=MIN_PASSWORD)
    return render(request, "setup.html", view, status)
