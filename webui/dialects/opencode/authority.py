"""Who may use the OpenCode API: whoever knows its password, and the people of the device with their tokens."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import UTC, datetime
from typing import Final

from aiohttp import hdrs, web

from foundation.accounts.limits import GuessLimits
from foundation.accounts.secrets import digest
from foundation.actors import Actor
from foundation.store.audit import AuditLog
from foundation.web.context import AuditNote, Login, login_or_none, source_of
from foundation.web.routing import AnyRoute
from foundation.web.security.secrets import LONGEST
from gateway.accounts.accounts import Accounts
from gateway.accounts.types import Identity, Person, Role, Token
from protocol.problems import Problem, ProblemCode

USER: Final = "opencode"
"""The name that goes with the password in HTTP Basic, as ``opencode serve`` has it."""
_SINCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
PROGRAM: Final = Identity(
    person=Person(id=0, name=USER, role=Role.OPERATOR, created_at=_SINCE),
    token=Token(
        id=0,
        person_id=0,
        person_name=USER,
        kind="api",
        label="OpenCode API",
        created_at=_SINCE,
        last_used_at=None,
        expires_at=None,
    ),
    csrf="",
)
"""Who comes with the password, or over loopback where there is none: an operator."""


class OpenCodeAuthority:
    """Basic and Bearer with the password; Bearer with a token of a person of this device. Cookies do not count."""

    def __init__(self, accounts: Accounts, audit: AuditLog, password: str | None) -> None:
        self._accounts = accounts
        self._audit = audit
        self._password = password
        self._limits = GuessLimits()

    async def identify(self, request: web.Request) -> Identity | None:
        """Raises :class:`Problem` RATE_LIMITED after too many wrong passwords."""
        shown = _shown(request)
        if shown is None:
            return PROGRAM if self._password is None else None
        # A token is too random to be guessed, so only what could be a password is counted.
        if digest(shown) is not None:
            person = await self._accounts.authenticate(shown)
            if person is not None:
                return person
        return self._by_password(shown, source_of(request))

    async def admit(self, request: web.Request, route: AnyRoute, login: Login | None) -> None:
        """Raises :class:`Problem` NOT_LOGGED_IN or FORBIDDEN."""
        del request
        if not isinstance(login, Identity):
            raise Problem(
                ProblemCode.NOT_LOGGED_IN,
                f"This needs the password of the OpenCode API (Basic with the user {USER}, or Bearer), "
                "or the token of a person.",
            )
        if route.role is not None and not login.person.role.may(Role(route.role)):
            raise Problem(ProblemCode.FORBIDDEN, f"This needs the role {route.role}; yours is {login.person.role}.")

    async def record(self, request: web.Request, route: AnyRoute, result: str, note: AuditNote) -> None:
        """One line of the audit log."""
        login = login_or_none(request)
        name = login.name if login is not None else "nobody"
        if route.audit is not None:
            actor = Actor(name=name, source=source_of(request))
            await self._audit.record(actor, route.audit, note.target or "", result, note.details or None)

    def _by_password(self, shown: str, source: str) -> Identity | None:
        if self._password is None or len(shown) > LONGEST:
            return None
        attempt = self._limits.attempt(source, USER)
        if not hmac.compare_digest(shown.encode(), self._password.encode()):
            return None
        attempt.succeeded()
        return PROGRAM


def _shown(request: web.Request) -> str | None:
    """The secret in Authorization (RFC 7617 and RFC 6750); empty for one that cannot be read, None without one."""
    scheme, _, value = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if not value.strip():
        return None  # As a script sends it whose variable for the password is empty.
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        name, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if name == USER else ""
