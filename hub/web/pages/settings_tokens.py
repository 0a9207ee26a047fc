"""Logins and API tokens: what opens this hub in somebody's name, and taking it back."""

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
from hub.people.roles import Role
from hub.people.tokens import TokenWish
from hub.people.types import Group, Token
from hub.web.context import hub_of, identity_of
from hub.web.pages.settings import SettingsView, surroundings
from protocol.problems import Problem, ProblemCode

LIFETIMES = (("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("never", "until it is revoked"))
CAPS = (("", "All that you may"), ("operator", "At most an operator"), ("viewer", "Only look"))


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token, and the groups it is for in words; empty for all of its person's."""

    token: Token
    groups: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensView(SettingsView):
    """The tokens, the form for one more, and the secret of the one just made."""

    tokens: Sequence[TokenRow]
    own_id: int
    groups: Sequence[tuple[str, str]]
    lifetimes: Sequence[tuple[str, str]]
    caps: Sequence[tuple[str, str]]
    form: FormState
    secret: str | None = None


class TokenForm(BaseModel):
    """A token for a program."""

    model_config = ConfigDict(extra="ignore")

    label: str = Field(min_length=1, max_length=64)
    lifetime: Literal["30", "90", "365", "never"]
    role: Literal["", "operator", "viewer"] = ""
    group: str = Field("", max_length=15, pattern=r"^\d*$")


async def tokens_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/tokens."""
    return await _page(request, FormState(), 200)


async def create_token(request: web.Request) -> web.StreamResponse:
    """POST /settings/tokens: answers with the page itself, because the secret is shown this once."""
    show_refusals(request, _page)
    form = await read_form(request, TokenForm)
    said = note(request)
    said.target = form.label
    said.details.update({"role": form.role or None, "group_ids": [int(form.group)] if form.group else None})
    wish = TokenWish(
        form.label,
        None if form.lifetime == "never" else datetime.now(UTC) + timedelta(days=int(form.lifetime)),
        Role(form.role) if form.role else None,
        frozenset({int(form.group)}) if form.group else None,
    )
    _, secret = await hub_of(request).people.tokens.create(identity_of(request), wish)
    return await _page(request, FormState(), 200, secret)


async def revoke_token(request: web.Request) -> web.StreamResponse:
    """POST /settings/tokens/{token_id}/revoke: one's own."""
    show_refusals(request, _page)
    identity, token_id = identity_of(request), path_number(request, "token_id")
    if identity.token.kind != "login" and token_id != identity.token.id:
        raise Problem(ProblemCode.FORBIDDEN, "A program's token may end nothing but itself. Log in yourself.")
    token = await hub_of(request).people.tokens.revoke(token_id, identity.person.id)
    note(request).target = f"{token.person_name}: {token.label}"
    return back_to(request, "/settings/tokens", "token-revoked")


async def _page(request: web.Request, state: FormState, status: int, secret: str | None = None) -> web.StreamResponse:
    identity, people = identity_of(request), hub_of(request).people
    around = await surroundings(request)
    groups = await people.organisations.groups(identity.grants)
    view = TokensView(
        title="Tokens",
        place="tokens",
        places=around.places,
        tokens=[_row(token, groups) for token in await people.tokens.listed(identity.person.id)],
        own_id=identity.token.id,
        groups=[("", "Every group of yours"), *((str(group.id), group.name) for group in groups)],
        lifetimes=LIFETIMES,
        caps=CAPS,
        form=state,
        secret=secret,
    )
    return render(request, "settings/tokens.html", view, status)


def _row(token: Token, groups: Sequence[Group]) -> TokenRow:
    if token.group_ids is None:
        return TokenRow(token, "")
    return TokenRow(token, ", ".join(group.name for group in groups if group.id in token.group_ids) or "no group")
