"""Setup, login, people, tokens, the audit log, and the hub itself."""

from __future__ import annotations

from typing import Final

from foundation.web.description import openapi
from foundation.web.routing import Route
from hub.people.roles import Role
from hub.web.api import audit, auth, health, metrics, oidc, people, tokens
from hub.web.api.models import audit as audit_models
from hub.web.api.models import people as models
from hub.web.api.models.hub import StatusAnswer
from hub.web.api.tables.organisations import ORGANISATION_ROUTES
from hub.web.security.scopes import ADMINISTRATION, HUB_SCOPE

SMALL: Final = 16 * 1024
"""Bytes of a body that holds a few fields."""

_LOGIN_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "POST",
        "/api/setup",
        auth.set_up,
        None,
        "Make the hub yours with its setup code",
        "setup",
        body=models.Setup,
        answer=models.LoginAnswer,
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
        body=models.Login,
        answer=models.LoginAnswer,
        max_body=SMALL,
    ),
    Route(
        "POST",
        "/api/auth/logout",
        auth.log_out,
        Role.VIEWER,
        "Log out",
        "logout",
        status=204,
        max_body=SMALL,
        scope=HUB_SCOPE,
    ),
    Route("GET", "/api/auth/me", auth.me, Role.VIEWER, "Who asks", answer=models.MeAnswer, scope=HUB_SCOPE),
    Route(
        "PUT",
        "/api/auth/password",
        auth.change_password,
        Role.VIEWER,
        "Change one's own password",
        "password.change",
        body=models.PasswordChange,
        status=204,
        max_body=SMALL,
        scope=HUB_SCOPE,
    ),
]

_EXTERNAL_LOGIN_ROUTES: Final[list[Route[Role]]] = [
    Route("GET", "/api/auth/oidc/start", oidc.start, None, "Go to the OpenID provider", status=302, kind="page"),
    Route("GET", oidc.CALLBACK, oidc.finish, None, "Come back from it", "login", kind="page"),
]

_ACCOUNT_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/people",
        people.list_people,
        Role.VIEWER,
        "List people",
        query=models.PeopleQuery,
        answer=models.PeopleAnswer,
        scope=ADMINISTRATION,
    ),
    Route(
        "POST",
        "/api/people",
        people.add_person,
        Role.OWNER,
        "Give somebody an account",
        "person.add",
        body=models.NewPerson,
        answer=models.PersonAnswer,
        status=201,
        max_body=SMALL,
        scope=ADMINISTRATION,
    ),
    Route(
        "PATCH",
        "/api/people/{person_id}",
        people.change_person,
        Role.OWNER,
        "Change an account",
        "person.change",
        body=models.PersonChange,
        answer=models.PersonAnswer,
        max_body=SMALL,
        scope=ADMINISTRATION,
    ),
    Route(
        "DELETE",
        "/api/people/{person_id}",
        people.remove_person,
        Role.OWNER,
        "Remove an account",
        "person.remove",
        status=204,
        scope=ADMINISTRATION,
    ),
]

_TOKEN_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/tokens",
        tokens.list_tokens,
        Role.VIEWER,
        "List logins and API tokens",
        query=models.TokensQuery,
        answer=models.TokensAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "POST",
        "/api/tokens",
        tokens.create_token,
        Role.VIEWER,
        "Make an API token",
        "token.create",
        body=models.NewToken,
        answer=models.NewTokenAnswer,
        status=201,
        max_body=SMALL,
        scope=HUB_SCOPE,
    ),
    Route(
        "DELETE",
        "/api/tokens/{token_id}",
        tokens.revoke_token,
        Role.VIEWER,
        "Revoke a login or token",
        "token.revoke",
        status=204,
        scope=HUB_SCOPE,
    ),
]

_HUB_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/audit",
        audit.list_entries,
        Role.VIEWER,
        "Read the audit log of an organisation, or of the hub itself",
        query=audit_models.AuditQuery,
        answer=audit_models.AuditAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/audit/export",
        audit.export,
        Role.VIEWER,
        "Export an audit log",
        "audit.export",
        query=audit_models.ExportQuery,
        raw_answer=("application/x-ndjson", "text/csv"),
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/openapi.json",
        openapi,
        Role.VIEWER,
        "This description",
        raw_answer=("application/json",),
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/health",
        health.status,
        None,
        "Whether this node is well",
        answer=StatusAnswer,
        more_statuses={503: None},
    ),
    Route(
        "GET",
        "/metrics",
        metrics.metrics,
        Role.VIEWER,
        "Metrics for Prometheus",
        raw_answer=("text/plain",),
        scope=ADMINISTRATION,
    ),
]

PEOPLE_ROUTES: Final[list[Route[Role]]] = [
    *_LOGIN_ROUTES,
    *_EXTERNAL_LOGIN_ROUTES,
    *ORGANISATION_ROUTES,
    *_ACCOUNT_ROUTES,
    *_TOKEN_ROUTES,
    *_HUB_ROUTES,
]
