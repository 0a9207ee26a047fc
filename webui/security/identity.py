"""Who is behind a request, and whether that is enough for a route."""

from __future__ import annotations

from aiohttp import hdrs, web

from gateway.accounts.types import Identity, Role
from protocol.problems import Problem, ProblemCode
from webui.context import Device
from webui.security.console import console_identity
from webui.security.cookies import cookie_name

_LONGEST_SECRET = 256


def bearer_of(request: web.Request) -> str | None:
    """The bearer token a request shows (RFC 6750, 2.1), or None."""
    scheme, _, secret = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def uses_cookie(request: web.Request, device: Device) -> bool:
    """Whether the cookie is what counts: a bearer token, even a wrong one, comes before it."""
    return bearer_of(request) is None and bool(request.cookies.get(cookie_name(device.secure_cookies)))


async def identify(request: web.Request, device: Device) -> Identity | None:
    """Who shows a valid bearer token or login cookie, or comes over the device's own socket; None for others."""
    secret = bearer_of(request)
    if secret is None:
        secret = request.cookies.get(cookie_name(device.secure_cookies))
    if not secret:
        return console_identity(request)
    if len(secret) > _LONGEST_SECRET:
        return None
    return await device.accounts.authenticate(secret)


async def check_role(identity: Identity | None, needed: Role | None, device: Device) -> None:
    """Raises :class:`Problem` SETUP_NEEDED, NOT_LOGGED_IN or FORBIDDEN when ``needed`` is not met."""
    if needed is None:
        return
    if identity is None:
        if await device.accounts.needs_setup():
            raise Problem(ProblemCode.SETUP_NEEDED, "Nobody owns this device yet. Open /setup with the setup code.")
        raise Problem(ProblemCode.NOT_LOGGED_IN, "Log in first.")
    if not identity.person.role.may(needed):
        raise Problem(
            ProblemCode.FORBIDDEN,
            f"This needs the role {needed.value}; yours is {identity.person.role.value}. Ask an admin.",
            {"needed": needed.value},
        )
