"""Setup, login, people and tokens."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from gateway.accounts.types import Role
from webui.api import auth, people, tokens
from webui.api.models import accounts as account_models
from webui.api.tables.sizes import SMALL

ACCOUNT_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "POST",
        "/api/setup",
        auth.set_up,
        None,
        "Make the device yours with its setup code",
        "setup",
        body=account_models.Setup,
        answer=account_models.LoginAnswer,
        status=201,
        max_body=SMALL,
    ),
    Route(
        "POST",
        "/api/auth/login",
        auth.log_in,
        None,
        "Log in",
        "login",
        body=account_models.Login,
        answer=account_models.LoginAnswer,
        max_body=SMALL,
    ),
    Route("POST", "/api/auth/logout", auth.log_out, Role.VIEWER, "Log out", "logout", status=204, max_body=SMALL),
    Route("GET", "/api/auth/me", auth.me, Role.VIEWER, "Who asks", answer=account_models.MeAnswer),
    Route("GET", "/api/people", people.list_people, Role.ADMIN, "List people", answer=account_models.PeopleAnswer),
    Route(
        "POST",
        "/api/people",
        people.add_person,
        Role.ADMIN,
        "Give somebody an account",
        "person.add",
        body=account_models.NewPerson,
        answer=account_models.PersonAnswer,
        status=201,
        max_body=SMALL,
    ),
    Route(
        "PATCH",
        "/api/people/{person_id}",
        people.change_person,
        Role.ADMIN,
        "Change a role or password",
        "person.change",
        body=account_models.PersonChange,
        answer=account_models.PersonAnswer,
        max_body=SMALL,
    ),
    Route(
        "DELETE",
        "/api/people/{person_id}",
        people.remove_person,
        Role.ADMIN,
        "Remove an account",
        "person.remove",
        status=204,
    ),
    Route(
        "GET",
        "/api/tokens",
        tokens.list_tokens,
        Role.VIEWER,
        "List logins and API tokens",
        query=account_models.TokensQuery,
        answer=account_models.TokensAnswer,
    ),
    Route(
        "POST",
        "/api/tokens",
        tokens.create_token,
        Role.VIEWER,
        "Make an API token",
        "token.create",
        body=account_models.NewToken,
        answer=account_models.NewTokenAnswer,
        status=201,
        max_body=SMALL,
    ),
    Route(
        "DELETE",
        "/api/tokens/{token_id}",
        tokens.revoke_token,
        Role.VIEWER,
        "Revoke a login or token",
        "token.revoke",
        status=204,
    ),
]
