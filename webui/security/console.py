"""The ``hutch`` command on the device itself: whoever the kernel says may be the daemon's own user is an admin."""

from __future__ import annotations

import os
import socket
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.accounts.types import Identity, Person, Role, Token

NAME: Final = "console"
_NONE: Final = 0
"""No row has this number."""
_PEER: Final = struct.Struct("3i")


def console_identity(request: web.Request, console: Path | None) -> Identity | None:
    """An admin called ``console`` for a request over the socket ``console`` from root or the daemon's user, else None.

    The socket's file already lets nobody else in; the peer's user is asked of the kernel as well (SO_PEERCRED,
    unix(7)). A request over TCP never gets here, localhost or not.
    """
    peer = request.get_extra_info("socket")
    if console is None or peer is None or peer.family != socket.AF_UNIX:
        return None
    if request.get_extra_info("sockname") != str(console):
        return None  # the door of the hub's people is a Unix socket, too
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
