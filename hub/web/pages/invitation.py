"""Accepting an invitation. The secret stands behind the # of the link, which browsers send to nobody.

A script puts it into the form of the first page; somebody without script pastes the link there.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, field_validator

from foundation.accounts.rules import MIN_PASSWORD
from foundation.web.context import note
from foundation.web.pages.forms import FormState, posted, read_form, show_refusals
from foundation.web.pages.notices import back_to, see
from foundation.web.pages.rendering import PageView, render
from hub.people.tokens import refuse_programs
from hub.people.types import Invitation
from hub.web.context import audit_place, hub_of, identity_of
from hub.web.security.cookies import keep_login
from protocol.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenView(PageView):
    """The first page: which invitation."""

    form: FormState


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView(PageView):
    """What the invitation is for, and how to accept it."""

    form: FormState
    secret: str
    invitation: Invitation
    organisation: str
    group: str | None
    min_password: int


class SecretForm(BaseModel):
    """The invitation: its secret, or the whole link."""

    model_config = ConfigDict(extra="ignore")

    secret: str = Field(min_length=1, max_length=500)

    @field_validator("secret")
    @classmethod
    def _behind_the_hash(cls, value: str) -> str:
        return value.strip().rpartition("#")[2]


class AcceptForm(SecretForm):
    """The invitation, and the account to be."""

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)


async def invitation_page(request: web.Request) -> web.StreamResponse:
    """GET /invitation."""
    return await _open(request, FormState(), 200)


async def open_invitation(request: web.Request) -> web.StreamResponse:
    """POST /invitation/open: what the invitation is for. Nothing changes."""
    show_refusals(request, _open)
    form = await read_form(request, SecretForm)
    invitation = await hub_of(request).people.invitations.look(form.secret)
    return await _shown(request, invitation, form.secret, FormState(), 200)


async def accept_invitation(request: web.Request) -> web.StreamResponse:
    """POST /invitation: makes the account and logs in."""
    show_refusals(request, _refused)
    form = await read_form(request, AcceptForm)
    identity, secret, invitation = await hub_of(request).people.invitations.accept(
        form.secret, form.username, form.password
    )
    audit_place(request).organisation_id = invitation.organisation_id
    note(request).who = note(request).target = identity.name
    answer = see(request, "/")
    keep_login(request, answer, secret, identity.token)
    return answer


async def join(request: web.Request) -> web.StreamResponse:
    """POST /invitation/join: with the account one has."""
    show_refusals(request, _open)
    form = await read_form(request, SecretForm)
    identity = identity_of(request)
    refuse_programs(identity)
    note(request).target = identity.name
    member = await hub_of(request).people.invitations.join(form.secret, identity)
    audit_place(request).organisation_id = member.organisation_id
    return back_to(request, "/", "joined")


async def _refused(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    """The second page again, as long as the invitation is good."""
    secret = (await posted(request)).get("secret", "").strip().rpartition("#")[2]
    try:
        invitation = await hub_of(request).people.invitations.look(secret)
    except Problem:
        return await _open(request, state, status)
    return await _shown(request, invitation, secret, _beside_username(state), status)


def _beside_username(state: FormState) -> FormState:
    """What is wrong with a person's name stands beside the field they typed it into."""
    errors = {"username" if name == "name" else name: words for name, words in state.errors.items()}
    return FormState(values=state.values, errors=errors, problem=state.problem)


async def _open(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    return render(request, "invitation_open.html", OpenView(title="You are invited", form=state), status)


async def _shown(
    request: web.Request, invitation: Invitation, secret: str, state: FormState, status: int
) -> web.StreamResponse:
    organisations = hub_of(request).people.organisations
    organisation = await organisations.find(invitation.organisation_id)
    group = None if invitation.group_id is None else await organisations.find_group(invitation.group_id)
    view = InvitationView(
        title="You are invited",
        form=state,
        secret=secret,
        invitation=invitation,
        organisation=organisation.name if organisation else "",
        group=group.name if group else None,
        min_password=MIN_PASSWORD,
    )
    return render(request, "invitation.html", view, status)
