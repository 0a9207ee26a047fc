"""Settings of a device: defaults, then the file, then the environment, then the command line.

The file is TOML (``/etc/hutch/hutch.toml`` or ``--config``) with the names of :class:`Settings`; in the environment the
same names are upper case behind ``HUTCH_``, lists separated by commas. docs/settings.md describes each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.networks import IPvAnyNetwork

from foundation.settings import Listen, Sources, split_commas
from gateway.updates.types import WINDOW_FORM
from protocol.limits import PING_EVERY

DEFAULT_FILE = Path("/etc/hutch/hutch.toml")
ALIASES = {"database_url": "DATABASE_URL", "opencode_password": "OPENCODE_SERVER_PASSWORD"}
SOURCES = Sources(DEFAULT_FILE, "HUTCH_", "docs/settings.md", ALIASES)


def _listen_or_off(value: object) -> object:
    return None if value == "off" else Listen.parse(value)


class Settings(BaseModel):
    """Everything that can be set. Paths left out lie under ``data``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(default=Path("/var/lib/hutch"), description="Folder of the store, keys and state; mode 0700.")
    listen: Annotated[Listen, BeforeValidator(Listen.parse)] = Field(
        default=Listen(host="127.0.0.1", port=8080), description="HOST:PORT of the device page."
    )
    database_url: SecretStr | None = Field(
        default=None, description="Another database (SQLAlchemy URL). Also read from DATABASE_URL."
    )
    workspace: Path | None = Field(default=None, description="Root of the folders agents work in.")
    agents: Path | None = Field(default=None, description="Where agent CLIs are installed (npm prefix).")
    sockets: Path | None = Field(default=None, description="Folder of the tmux sockets; mode 0700, a short path.")
    agent_user: str | None = Field(
        default=None, description="Account that agents work in, through its broker; default the daemon's own."
    )
    broker: Path | None = Field(default=None, description="Socket of the broker in the account of agent_user.")
    authorized_keys: Path | None = Field(default=None, description="SSH keys file; default ~/.ssh/authorized_keys.")
    hub: str | None = Field(
        default=None,
        description="URL of the hub; set here it wins over the page. Enough alone: claim it there.",
    )
    hub_ping_seconds: float = Field(
        default=PING_EVERY, ge=1, le=60, description="Seconds between two pings to the hub."
    )
    hub_token: SecretStr | None = Field(default=None, description="Token of this device, or for many, from the hub.")
    hosts: Annotated[tuple[str, ...], BeforeValidator(split_commas)] = Field(
        default=(), description="More host names under which the page may be opened."
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(split_commas)] = Field(
        default=(), description="Networks of reverse proxies whose X-Forwarded-* headers count."
    )
    opencode_listen: Annotated[Listen | None, BeforeValidator(_listen_or_off)] = Field(
        default=Listen(host="127.0.0.1", port=4096),
        description="HOST:PORT of the OpenCode API; off for none. Beyond loopback it takes a password.",
    )
    opencode_password: Annotated[SecretStr, Field(min_length=8)] | None = Field(
        default=None, description="Password of the OpenCode API. Also read from OPENCODE_SERVER_PASSWORD."
    )
    default_cli: str | None = Field(
        default=None, description="Agent CLI of conversations that name none; default the first that is installed."
    )
    secure_cookies: bool = Field(default=False, description="The page is reached over HTTPS only.")
    shell: str | None = Field(
        default=None, description="Program of a session without an agent CLI; default the account's login shell."
    )
    max_sessions: int = Field(default=50, ge=1, le=500, description="Live sessions at most.")
    max_awake_agents: int | None = Field(
        default=None, ge=1, le=100, description="Agents of conversations awake at once; default by the memory there is."
    )
    agent_idle_minutes: int = Field(
        default=10,
        ge=1,
        le=1440,
        description="Minutes after its last turn until a conversation's agent is put to sleep.",
    )
    history_lines: int = Field(default=10_000, ge=0, le=100_000, description="Scrollback lines a session keeps.")
    audit_days: int = Field(default=365, ge=1, description="Days the audit log is kept.")
    health_days: int = Field(default=7, ge=1, le=90, description="Days of health samples kept for charts.")
    update_channel: str | None = Field(
        default=None, description="Address of the file that says which version is on offer."
    )
    update_automatic: Literal["off", "patch"] | None = Field(
        default=None, description="Install versions that only mend by themselves; set here it wins over the page."
    )
    update_window: str | None = Field(
        default=None,
        pattern=WINDOW_FORM,
        description="When the device may restart for updates, as 03:00-05:00 in local time; wins over the page.",
    )
    rauc_config: Path = Field(
        default=Path("/etc/rauc/system.conf"), description="RAUC's configuration; where it is, RAUC updates the device."
    )
    releases: Path = Field(
        default=Path("/opt/hutch"), description="Folder of the release folders, where Hutch was installed with them."
    )
    release_keys: Path = Field(
        default=Path("/etc/hutch/release-keys"),
        description="Folder of the keys (*.pem) that releases are signed with.",
    )
    boot_folder: Path = Field(
        default=Path("/data/hutch-boot"), description="Where the image keeps what happened at its starts."
    )
    factory_reset: Path = Field(
        default=Path("/usr/lib/hutch/factory-reset"),
        description="Root's program for factory resets; where it is, the next start of the machine does them.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    log_format: Literal["auto", "console", "json", "journal"] = Field(
        default="auto", description="auto: console on a terminal, journal under systemd, JSON elsewhere."
    )


def env_name(setting: str) -> str:
    """The environment variable of a setting."""
    return SOURCES.env_name(setting)


def load(file: Path | None, environ: Mapping[str, str], overrides: Mapping[str, object] | None = None) -> Settings:
    """Read the settings.

    Raises:
        Problem: INVALID_REQUEST naming the setting and what is wrong with it.
    """
    return SOURCES.load(Settings, file, environ, overrides)
