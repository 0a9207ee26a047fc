"""Who is at the other end of a UNIX socket, as the kernel knows it (unix(7), SO_PEERCRED)."""

from __future__ import annotations

import socket
import struct

_CREDENTIALS = struct.Struct("3i")


def peer(link: socket.socket) -> tuple[int, int]:
    """Process id and account of whoever connected, or began to listen."""
    pid, uid, _ = _CREDENTIALS.unpack(link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return pid, uid
