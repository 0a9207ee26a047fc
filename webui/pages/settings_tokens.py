"""Logins and API tokens: what opens this device in somebody's name, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import render
from foundation.web.parsing import path_number
from gateway.accounts.types import Role, Token
from protocol.problems import Problem, ProblemCode
from webui.context import device_of, identity_of
from webui.pages.settings import SettingsView, places_for

LIFETIMES = (("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("never", "until it is revoked"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensView(SettingsView):
    """The tokens, the form for one more, and the secret of the one just made."""

    tokens: Sequence[Token]
    own_id: int
    everyone: bool
    lifetimes: Sequence[tuple[str, str]]
    form: FormState
    secret: str | None = None


class TokenForm(BaseModel):
    """A token for a program."""

    model_config = ConfigDict(extra="ignore")

    label: str = Field(min_length=1, max_length=64)
    lifetime: Literal["30", "90", "365", "never"]


async def tokens_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/tokens."""
    return await _page(request, FormState(), 200)


async def create_token(request: web.Request) -> web.StreamResponse:
    """POST /settings/tokens: answers with the page itself, because the secret is shown this once."""
    show_refusals(request, _page)
    form = await read_form(request, TokenForm)
    note(request).target = form.label
    expires = None if form.lifetime == "never" else datetime.now(UTC) + timedelta(days=int(form.lifetime))
    person = identity_of(request).person
    _, secret = await device_of(request).accounts.create_token(person.id, form.label, expires)
    return await _page(request, FormState(), 200, secret)


async def revoke_token(request: web.Request) -> web.StreamResponse:
    """POST /settings/tokens/{token_id}/revoke. One's own; those of others need an admin."""
    show_refusals(request, _page)
    token_id = path_number(request, "token_id")
    if token_id not in {token.id for token in await _visible(request)}:
        raise Problem(ProblemCode.NOT_FOUND, "There is no such token any more. Reload the page.")
    await device_of(request).accounts.revoke_token(token_id)
    return back_to(request, "/settings/tokens", "token-revoked")


async def _visible(request: web.Request) -> list[Token]:
    person = identity_of(request).person
    return await device_of(request).accounts.tokens(None if person.role is Role.ADMIN else person.id)


async def _page(request: web.Request, state: FormState, status: int, secret: str | None = None) -> web.StreamResponse:
    identity = identity_of(request)
    view = TokensView(
        title="Tokens",
        place="tokens",
        places=places_for(request),
        tokens=await _visible(request),
        own_id=identity.token.id,
        everyone=identity.person.role is Role.ADMIN,
        lifetimes=LIFETIMES,
        form=state,
        secret=secret,
    )
    return render(request, "settings/tokens.html", view, status)
