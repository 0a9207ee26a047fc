"""Tokens: logins and API tokens that can be listed and revoked."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query, path_number
from gateway.accounts.types import Role
from protocol.problems import Problem, ProblemCode
from webui.api.models.accounts import NewToken, NewTokenAnswer, TokenAnswer, TokensAnswer, TokensQuery
from webui.context import device_of, identity_of


async def list_tokens(request: web.Request) -> web.Response:
    """One's own logins and tokens; for admins on request those of everybody."""
    query = parse_query(request, TokensQuery)
    identity = identity_of(request)
    if query.everyone and not identity.person.role.may(Role.ADMIN):
        raise Problem(ProblemCode.FORBIDDEN, "Only an admin sees the tokens of others. Leave out everyone.")
    tokens = await device_of(request).accounts.tokens(None if query.everyone else identity.person.id)
    return answer(TokensAnswer(tokens=[TokenAnswer.of(token, identity.token.id) for token in tokens]))


async def create_token(request: web.Request) -> web.Response:
    """Make an API token for oneself; the secret is answered this once."""
    body = await parse_body(request, NewToken)
    identity = identity_of(request)
    note(request).target = body.label
    token, secret = await device_of(request).accounts.create_token(identity.person.id, body.label, body.expires_at)
    return answer(NewTokenAnswer(token=TokenAnswer.of(token, identity.token.id), secret=secret), 201)


async def revoke_token(request: web.Request) -> web.Response:
    """End a login or token of one's own; admins those of others, too. Its sockets are closed."""
    token_id = path_number(request, "token_id")
    identity = identity_of(request)
    accounts = device_of(request).accounts
    whose = None if identity.person.role.may(Role.ADMIN) else identity.person.id
    if not any(token.id == token_id for token in await accounts.tokens(whose)):
        raise Problem(ProblemCode.NOT_FOUND, "There is no such token. Reload the list of tokens.")
    await accounts.revoke_token(token_id)
    return nothing()
