"""The ``hutch`` command on the device itself: whoever the kernel says may be the daemon's own user is an admin."""

from __future__ import annotations

import os
import socket
import struct
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from gateway.accounts.types import Identity, Person, Role, Token

NAME: Final = "console"
_NONE: Final = 0
"""No row has this number."""
_PEER: Final = struct.Struct("3i")


def console_identity(request: web.Request) -> Identity | None:
    """An admin called ``console`` for a request over a Unix socket from root or the daemon's own user, else None.

    The socket's file already lets nobody else in; the peer's user is asked of the kernel as well (SO_PEERCRED,
    unix(7)). A request over TCP never gets here, localhost or not.
    """
    peer = request.get_extra_info("socket")
    if peer is None or peer.family != socket.AF_UNIX:
        return None
    _, uid, _ = _PEER.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    if uid not in (0, os.geteuid()):
        return None
    now = datetime.now(UTC)
    person = Person(id=_NONE, name=NAME, role=Role.ADMIN, created_at=now)
    token = Token(
        id=_NONE,
        person_id=_NONE,
        person_name=NAME,
        kind="api",
        label=NAME,
        created_at=now,
        last_used_at=now,
        expires_at=None,
    )
    return Identity(person, token, csrf="")
