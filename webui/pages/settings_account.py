"""One's own account: the name, the role, another password."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.accounts.rules import MIN_PASSWORD
from foundation.web.context import source_of
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import render
from webui.context import device_of, identity_of
from webui.pages.settings import SettingsView, places_for
from webui.security.logins import keep_login


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView(SettingsView):
    """The form for another password."""

    form: FormState
    min_password: int


class PasswordForm(BaseModel):
    """The password so far, and the next."""

    model_config = ConfigDict(extra="ignore")

    old_password: str = Field(min_length=1, max_length=1024)
    password: str = Field(min_length=1, max_length=1024)


async def account_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/account."""
    return await _page(request, FormState(), 200)


async def change_own_password(request: web.Request) -> web.StreamResponse:
    """POST /settings/account/password: every login of this person ends, this browser gets a new one."""

    show_refusals(request, _page)
    form = await read_form(request, PasswordForm)
    accounts, person = device_of(request).accounts, identity_of(request).person
    await accounts.log_in(person.name, form.old_password, source_of(request), "password change")
    await accounts.change_password(person.id, form.password)
    identity, secret = await accounts.log_in(
        person.name, form.password, source_of(request), request.headers.get("User-Agent", "")[:200]
    )
    answer = back_to(request, "/settings/account", "password-changed")
    keep_login(request, answer, secret, identity.token)
    return answer


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    view = AccountView(title="You", place="account", places=places_for(request), form=state, min_password=MIN_PASSWORD)
    return render(request, "settings/account.html", view, status)
