"""systemd (systemd.service(5)): a plain unit, for a device in one account; packaging/ has the one with two."""

from __future__ import annotations

from pathlib import Path

from provisioning.services.types import Service


class Systemd:
    """Implements ``ServiceKind``."""

    def path(self, service: Service) -> Path:
        """The administrator's units."""
        return Path("/etc/systemd/system") / f"{service.name}.service"

    def render(self, service: Service) -> str:
        """The unit."""
        lines = [
            "[Unit]",
            f"Description={_plain(service.description)}",
            "Wants=network-online.target",
            "After=network-online.target",
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            "Type=exec",
            f"ExecStart={' '.join(_word(word) for word in service.command)}",
        ]
        if service.user is not None:
            lines.append(f"User={_plain(service.user)}")
        lines += [f"Environment={_word(f'{name}={value}')}" for name, value in sorted(service.environment.items())]
        if service.sessions_inside:
            lines.append("KillMode=process")
        lines += ["Restart=always", "RestartSec=2", f"TimeoutStopSec={service.stop_seconds}"]
        return "\n".join([*lines, "", "[Install]", "WantedBy=multi-user.target", ""])

    def install(self, service: Service) -> tuple[tuple[str, ...], ...]:
        """Read it, start it now and at every boot."""
        return (("systemctl", "daemon-reload"), ("systemctl", "enable", "--now", f"{service.name}.service"))

    def remove(self, service: Service) -> tuple[tuple[str, ...], ...]:
        """Stop it for good."""
        return (("systemctl", "disable", "--now", f"{service.name}.service"),)


def _plain(text: str) -> str:
    if any(character < " " for character in text):
        raise ValueError("a unit's values are one line each")
    return text.replace("%", "%%")


def _word(text: str) -> str:
    """One word of a command line, quoted as systemd reads it."""
    escaped = _plain(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"' if any(character in text for character in " \t\"'\\;") or not text else escaped
