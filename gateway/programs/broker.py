"""``hutch broker``: starts programs in the agents' account at the daemon's word.

It runs as the account that agents work in, so whatever it is asked for it cannot do more than an agent can. It listens
on a UNIX socket, its own or one that systemd hands over (sd_listen_fds(3)), and serves nobody but the daemon's account
and root, as the kernel names them (SO_PEERCRED). It keeps nothing: ended and started again it goes on, and programs do
not notice.

Nothing but the standard library, so that it starts at once and stays small.
"""

from __future__ import annotations

import argparse
import os
import pwd
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from gateway.programs.connection import Connection
from gateway.programs.credentials import peer
from gateway.programs.wire import SOCKET

DAEMON = "hutch"
MAX_CONNECTIONS = 64
_FIRST_PASSED = 3
"""The descriptor that systemd hands over first (sd_listen_fds(3))."""
_STACK = 256 * 1024


class Broker:
    """Accepts connections of one account."""

    def __init__(self, listener: socket.socket, daemon: int) -> None:
        self._listener = listener
        self._daemon = daemon
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def serve(self) -> None:
        """Accept for ever."""
        while True:
            try:
                link, _ = self._listener.accept()
            except ConnectionError:
                continue
            if peer(link)[1] not in (self._daemon, 0) or not self._free.acquire(blocking=False):
                link.close()
                continue
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        try:
            Connection(link).serve()
        finally:
            self._free.release()


def main(arguments: Sequence[str]) -> int:
    """Run the broker until it is ended; 1 with a sentence where it cannot begin."""
    parser = argparse.ArgumentParser(prog="hutch broker", description="Start programs in the agents' account.")
    parser.add_argument("--socket", default=SOCKET, help="where to listen, unless systemd hands a socket over")
    parser.add_argument("--daemon", default=DAEMON, help="the account that Hutch runs as, its name or number")
    options = parser.parse_args(arguments)
    if os.getuid() == 0:
        return _refuse("The broker runs programs that agents ask for: run it as the agents' account, never as root.")
    try:
        daemon = account(options.daemon)
    except KeyError:
        return _refuse(f"There is no account {options.daemon}. Name the one that Hutch runs as with --daemon.")
    threading.stack_size(_STACK)
    try:
        listener = _handed_over() or _listen(options.socket)
    except OSError as error:
        return _refuse(f"{options.socket} cannot be listened on: {error.strerror}. Choose another with --socket.")
    with suppress(KeyboardInterrupt):
        Broker(listener, daemon).serve()
    return 0


def account(name: str) -> int:
    """The number of an account. Raises KeyError."""
    return int(name) if name.isdecimal() else pwd.getpwnam(name).pw_uid


def _handed_over() -> socket.socket | None:
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()) or os.environ.pop("LISTEN_FDS", "") != "1":
        return None
    return socket.socket(fileno=_FIRST_PASSED)


def _listen(path: str) -> socket.socket:
    with suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o117)
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    listener.listen(MAX_CONNECTIONS)
    return listener


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"hutch: {sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
