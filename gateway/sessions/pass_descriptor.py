"""Hands its standard input to the process that listens on a unix socket, and leaves.

tmux starts this as the other side of ``pipe-pane``. Once the daemon holds the descriptor, the pane's bytes flow between
tmux and the daemon with no process in between. Run as a script with the standard library only.
"""

from __future__ import annotations

import socket
import sys


def main(name: str) -> None:
    """Connect to an abstract name, pass descriptor 0, and wait until the other side has it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(10)
        listener.connect(f"\0{name}")
        socket.send_fds(listener, [b"\0"], [0])
        listener.recv(1)


if __name__ == "__main__":
    main(sys.argv[1])
