"""The door for those who come by way of the hub: a socket of its own, where only the hub's signed word counts."""

from __future__ import annotations

import hmac
import secrets
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from foundation.web.context import Client, Visit
from gateway.accounts.types import Identity, Person, Role, Token
from gateway.tunnel.assertions import Assertions
from gateway.tunnel.visitors import Visitors
from protocol.events import Permission
from protocol.problems import Problem, ProblemCode
from protocol.streams.assertion import ASSERTION_HEADER, Assertion

_UNSENT_BYTES: Final = 64 * 1024
"""Bytes the kernel may hold for a terminal behind the hub: what lies there is late, and can no longer be left out."""
SOURCE: Final = "hub"


class HubDoor:
    """Knows who comes in over ``path``, and sees to it that they may.

    ``may`` says what the device's owner lets the hub do. The CSRF tokens hold until the daemon starts anew.
    """

    def __init__(
        self, path: Path, assertions: Assertions, visitors: Visitors, may: Callable[[Permission], bool]
    ) -> None:
        self.path = path
        self.visitors = visitors
        self.may = may
        self._sockname = str(path)
        self._assertions = assertions
        self._secret = secrets.token_bytes(32)

    def visit(self, request: web.Request) -> Visit | None:
        """Who stands behind a request over this door; None for every other request. Never raises."""
        if request.get_extra_info("sockname") != self._sockname:
            return None
        try:
            said = self._check(request)
        except Problem as problem:
            return Visit(client=Client(SOURCE, "https", None), refusal=problem)
        self.visitors.seen(said, request.transport)
        _keep_unsent_small(request)
        return Visit(
            client=Client(SOURCE, said.scheme, said.host),
            prefix=said.prefix,
            login=_identity(said, self._csrf(said.jti)),
            by_cookie=said.cookie,
        )

    def _check(self, request: web.Request) -> Assertion:
        if not self.may("pages"):
            raise Problem(ProblemCode.FORBIDDEN, "The owner of this device does not let the hub show its pages.")
        given = request.headers.getall(ASSERTION_HEADER, [])
        return self._assertions.check(given[0] if len(given) == 1 else "")

    def _csrf(self, login_id: str) -> str:
        return hmac.new(self._secret, login_id.encode(), sha256).hexdigest()


def _identity(said: Assertion, csrf: str) -> Identity:
    """Somebody of the hub. The numbers are negative, so that no row of this device has them."""
    now = datetime.now(UTC)
    name = f"{said.name} (hub)"
    person = Person(id=_number("person", said.sub), name=name, role=Role(said.role), created_at=now)
    token = Token(
        id=_number("login", said.jti),
        person_id=person.id,
        person_name=name,
        kind="login",
        label=said.iss,
        created_at=now,
        last_used_at=now,
        expires_at=None,
    )
    return Identity(person, token, csrf)


def _number(kind: str, text: str) -> int:
    return -1 - int.from_bytes(sha256(f"{kind}:{text}".encode()).digest()[:6], "big")


def _keep_unsent_small(request: web.Request) -> None:
    if hdrs.UPGRADE in request.headers:
        raw = request.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNSENT_BYTES)
