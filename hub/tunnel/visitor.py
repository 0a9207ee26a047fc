"""Who looks at a device's pages through the hub, as the rest of the hub tells it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from aiohttp import web

DeviceRole = Literal["admin", "operator", "viewer"]
"""A role as devices know it. The hub's owners are admins there."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person, as the device is told of them."""

    person_id: str
    name: str
    role: DeviceRole
    """What the hub lets them do on this device; the device may let them do less."""
    login_id: str
    """The same for all requests of one login. Not its secret."""
    by_cookie: bool
    """A browser's cookie vouches for the request: the device then asks for its own CSRF token."""


class Access(Protocol):
    """What the tunnel has to know of people. The gate has let the request through when it is asked."""

    def visitor(self, request: web.Request, device_id: str) -> Visitor:
        """Who sends a request to this device, and as what. Raises Problem NOT_LOGGED_IN, NOT_FOUND, FORBIDDEN."""
        ...

    def watch(self, request: web.Request, device_id: str, end: Callable[[], None]) -> AbstractContextManager[None]:
        """Have ``end`` called when the login of the request ends, or its role on this device is another one.

        Entered before the request's first wait. Raises Problem TOO_MANY when the login has too much open.
        """
        ...
