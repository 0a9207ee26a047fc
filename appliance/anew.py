"""A daemon that starts anew by itself, whoever looks after it: systemd, a terminal, a container."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from typing import Final

from appliance.lean import become

RESTART_SECONDS: Final = 1.0
"""How long the daemon still runs after it was told to start anew: who asked gets an answer."""
AGAIN: Final = os.EX_TEMPFAIL
"""The exit code with which systemd is asked for a new start; also a service that is restarted on failures only is."""


class Anew:
    """Whether the daemon is to start again once it has ended."""

    def __init__(self) -> None:
        self.wanted = False

    def ask(self) -> None:
        """End the daemon in a moment, and have it start again. Call it on the loop."""
        self.wanted = True
        asyncio.get_running_loop().call_later(RESTART_SECONDS, os.kill, os.getpid(), signal.SIGTERM)


def start_again(environment: Mapping[str, str] = os.environ) -> int:
    """Become a new daemon with the same process id and command line; or return the code to end with, under systemd.

    systemd was told that the daemon stops, and would end a process that goes on; it starts a new one itself.
    """
    if not environment.get("NOTIFY_SOCKET"):
        become([sys.executable, *sys.orig_argv[1:]])
    return AGAIN
