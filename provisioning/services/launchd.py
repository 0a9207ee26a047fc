"""launchd of macOS (launchd.plist(5)): a daemon of the system, or an agent of the account that installs it."""

from __future__ import annotations

import plistlib
from pathlib import Path

from provisioning.services.types import Service

_PREFIX = "local."


class Launchd:
    """Implements ``ServiceKind``."""

    def path(self, service: Service) -> Path:
        """With an account named it is a daemon, else an agent of whoever installs it."""
        name = f"{_label(service)}.plist"
        if service.user is not None:
            return Path("/Library/LaunchDaemons") / name
        return Path("~/Library/LaunchAgents") / name

    def render(self, service: Service) -> str:
        """The property list."""
        entries: dict[str, object] = {
            "Label": _label(service),
            "ProgramArguments": list(service.command),
            "RunAtLoad": True,
            "KeepAlive": True,
            "ThrottleInterval": 2,
            "ExitTimeOut": service.stop_seconds,
            "ProcessType": "Interactive",
            # What is left of it when it ends is left alone: sessions.
            "AbandonProcessGroup": service.sessions_inside,
        }
        if service.user is not None:
            entries["UserName"] = service.user
        if service.environment:
            entries["EnvironmentVariables"] = dict(service.environment)
        if service.log is not None:
            entries["StandardOutPath"] = entries["StandardErrorPath"] = str(service.log)
        return plistlib.dumps(entries, sort_keys=True).decode()

    def install(self, service: Service) -> tuple[tuple[str, ...], ...]:
        """Load it; RunAtLoad starts it."""
        return (("launchctl", "bootstrap", _domain(service), str(self.path(service))),)

    def remove(self, service: Service) -> tuple[tuple[str, ...], ...]:
        """Unload it, which ends it."""
        return (("launchctl", "bootout", f"{_domain(service)}/{_label(service)}"),)


def _label(service: Service) -> str:
    return _PREFIX + service.name


def _domain(service: Service) -> str:
    return "gui/$UID" if service.user is None else "system"
