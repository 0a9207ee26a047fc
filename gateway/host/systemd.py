"""Telling systemd how the daemon is, with python-systemd where that is installed and nothing where it is not."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Callable, Mapping
from typing import cast

Notify = Callable[[str], bool]
"""``systemd.daemon.notify``: sends one message (sd_notify(3)); False when nobody listens."""


def load_notify() -> Notify | None:
    """``notify`` of python-systemd, or None where the module is not installed."""
    try:
        module = importlib.import_module("systemd.daemon")
    except ImportError:
        return None
    return cast(Notify, module.notify)


class Notifier:
    """The daemon's voice towards systemd; silent without python-systemd or without ``NOTIFY_SOCKET``.

    The watchdog is only patted while ``healthy`` says so: a daemon that hangs or has lost a part it cannot do without
    is started again by systemd.
    """

    def __init__(
        self,
        healthy: Callable[[], bool] = lambda: True,
        *,
        environment: Mapping[str, str] = os.environ,
        load: Callable[[], Notify | None] = load_notify,
    ) -> None:
        self._healthy = healthy
        self._notify = load() if environment.get("NOTIFY_SOCKET") else None
        self._interval = _pat_interval(environment)

    def ready(self) -> None:
        """The daemon serves."""
        self._send("READY=1")

    def needs(self, seconds: float) -> None:
        """The start takes this long from now on, whatever the unit's TimeoutStartSec says."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}")

    def stopping(self) -> None:
        """The daemon is about to end."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """A line for ``systemctl status``."""
        # A line break would begin another assignment, which could be anything sd_notify(3) knows.
        self._send(f"STATUS={' '.join(text.split())[:500]}")

    async def watchdog(self) -> None:
        """Pat the watchdog at half of its time until cancelled; returns at once where there is none."""
        if self._notify is None or self._interval is None:
            return
        while True:
            if self._healthy():
                await asyncio.to_thread(self._send, "WATCHDOG=1")
            await asyncio.sleep(self._interval)

    def _send(self, message: str) -> None:
        if self._notify is None:
            return
        try:
            self._notify(message)
        except OSError:
            # systemd is restarting itself, or the socket is gone: not a reason for the daemon to fail.
            return


def _pat_interval(environment: Mapping[str, str]) -> float | None:
    """Seconds between pats, half of WATCHDOG_USEC; None when no watchdog waits for this process."""
    try:
        microseconds = int(environment.get("WATCHDOG_USEC", ""))
        owner = int(environment.get("WATCHDOG_PID", str(os.getpid())))
    except ValueError:
        return None
    return microseconds / 2_000_000 if microseconds > 0 and owner == os.getpid() else None
