"""Taking over tmux's end of a pane's pipe, which tmux's helper passes over a socket.

The socket has an abstract name that nobody can guess, so it lies in no folder that agents could change, and the daemon
takes a descriptor from the agents' account only. It is read and written without ever waiting: whoever else has it may
make it block.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import stat
import time
from contextlib import suppress

from gateway.programs.credentials import peer
from gateway.sessions.tmux import TIMEOUT, TmuxFailed, TmuxServer

_WAITING = 16


async def pane_pipe(server: TmuxServer) -> socket.socket:
    """The daemon's end.

    Raises:
        TmuxFailed: there is none to be had.
    """
    name = f"hutch-{secrets.token_hex(16)}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen(_WAITING)
        await server.pipe_to(name)
        return await asyncio.to_thread(_receive, listener, server.account.user.uid)


def _receive(listener: socket.socket, uid: int) -> socket.socket:
    deadline = time.monotonic() + TIMEOUT
    while (left := deadline - time.monotonic()) > 0:
        listener.settimeout(left)
        with suppress(OSError):
            helper, _ = listener.accept()
            with helper:
                if peer(helper)[1] == uid:
                    return _passed(helper, left)
    raise TmuxFailed("tmux did not hand over the pane's pipe")


def _passed(helper: socket.socket, seconds: float) -> socket.socket:
    """The socket that a helper passes. Raises OSError where it passes nothing, or something else."""
    helper.settimeout(seconds)
    _, descriptors, _, _ = socket.recv_fds(helper, 1, 1, socket.MSG_CMSG_CLOEXEC)
    if not descriptors:
        raise TmuxFailed("tmux did not hand over the pane's pipe")
    if not stat.S_ISSOCK(os.fstat(descriptors[0]).st_mode):
        os.close(descriptors[0])
        raise TmuxFailed("tmux handed over what is not the pane's pipe")
    pipe = socket.socket(fileno=descriptors[0])
    pipe.setblocking(False)
    helper.send(b"\0")
    return pipe
