"""Tokens: logins and API tokens that can be listed and revoked."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query, path_number
from hub.people.roles import Role
from hub.people.tokens import TokenWish
from hub.people.types import Identity
from hub.web.api.models.people import NewToken, NewTokenAnswer, TokenAnswer, TokensAnswer, TokensQuery
from hub.web.context import hub_of, identity_of
from protocol.problems import Problem, ProblemCode


async def list_tokens(request: web.Request) -> web.Response:
    """One's own logins and tokens; for administrators on request those of everybody."""
    query = parse_query(request, TokensQuery)
    identity = identity_of(request)
    if query.everyone and not _runs_the_hub(identity):
        raise Problem(ProblemCode.FORBIDDEN, "Only an administrator sees the tokens of others. Leave out everyone.")
    tokens = await hub_of(request).people.tokens.listed(None if query.everyone else identity.person.id)
    return answer(TokensAnswer(tokens=[TokenAnswer.of(token, identity.token.id) for token in tokens]))


async def create_token(request: web.Request) -> web.Response:
    """Make an API token for oneself; the secret is answered this once."""
    body = await parse_body(request, NewToken)
    identity = identity_of(request)
    said = note(request)
    said.target = body.label
    said.details.update(body.model_dump(mode="json", include={"role", "group_ids", "expires_at"}, exclude_none=True))
    groups = None if body.group_ids is None else frozenset(body.group_ids)
    wish = TokenWish(body.label, body.expires_at, body.role, groups)
    token, secret = await hub_of(request).people.tokens.create(identity, wish)
    return answer(NewTokenAnswer(token=TokenAnswer.of(token, identity.token.id), secret=secret), 201)


async def revoke_token(request: web.Request) -> web.Response:
    """End a login or token of one's own; administrators those of others, too. Its sockets are closed."""
    token_id = path_number(request, "token_id")
    identity = identity_of(request)
    if identity.token.kind != "login" and token_id != identity.token.id:
        raise Problem(ProblemCode.FORBIDDEN, "A program's token may end nothing but itself. Log in yourself.")
    whose = None if _runs_the_hub(identity) else identity.person.id
    token = await hub_of(request).people.tokens.revoke(token_id, whose)
    note(request).target = f"{token.person_name}: {token.label}"
    return nothing()


def _runs_the_hub(identity: Identity) -> bool:
    held = identity.grants.administration
    return held is not None and held.may(Role.OWNER)
