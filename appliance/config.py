"""Settings of a device: defaults, then the file, then the environment, then the command line.

The file is TOML (``/etc/hutch/hutch.toml`` or ``--config``) with the names of :class:`Settings`; in the environment the
same names are upper case behind ``HUTCH_``, lists separated by commas. docs/settings.md describes each of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.networks import IPvAnyNetwork

from protocol.problems import Problem, ProblemCode

DEFAULT_FILE = Path("/etc/hutch/hutch.toml")


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Listen(BaseModel):
    """An address to listen on, written ``HOST:PORT`` or ``[IPV6]:PORT``; port 0 lets the kernel choose."""

    model_config = ConfigDict(frozen=True)

    host: str = Field(min_length=1)
    port: int = Field(ge=0, le=65535)

    @classmethod
    def parse(cls, value: object) -> object:
        """The two halves of ``HOST:PORT``."""
        if not isinstance(value, str):
            return value
        host, _, port = value.rpartition(":")
        return {"host": host.strip("[]"), "port": port}

    @property
    def authority(self) -> str:
        """As it stands in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


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
    authorized_keys: Path | None = Field(default=None, description="SSH keys file; default ~/.ssh/authorized_keys.")
    hub: str | None = Field(
        default=None,
        description="URL of the hub; set here it wins over the page. Enough alone: claim it there.",
    )
    hub_token: SecretStr | None = Field(default=None, description="Token of this device, or for many, from the hub.")
    hosts: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        default=(), description="More host names under which the page may be opened."
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(_split)] = Field(
        default=(), description="Networks of reverse proxies whose X-Forwarded-* headers count."
    )
    secure_cookies: bool = Field(default=False, description="The page is reached over HTTPS only.")
    shell: str | None = Field(
        default=None, description="Program of a session without an agent CLI; default the account's login shell."
    )
    max_sessions: int = Field(default=50, ge=1, le=500, description="Live sessions at most.")
    history_lines: int = Field(default=10_000, ge=0, le=100_000, description="Scrollback lines a session keeps.")
    audit_days: int = Field(default=365, ge=1, description="Days the audit log is kept.")
    health_days: int = Field(default=7, ge=1, le=90, description="Days of health samples kept for charts.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    log_format: Literal["auto", "console", "json", "journal"] = Field(
        default="auto", description="auto: console on a terminal, journal under systemd, JSON elsewhere."
    )


def env_name(setting: str) -> str:
    """The environment variable of a setting."""
    return f"HUTCH_{setting.upper()}"


def load(file: Path | None, environ: Mapping[str, str], overrides: Mapping[str, object] | None = None) -> Settings:
    """Read the settings.

    Raises:
        Problem: INVALID_REQUEST naming the setting and what is wrong with it.
    """
    values: dict[str, object] = dict(_read(file))
    if url := environ.get("DATABASE_URL"):
        values["database_url"] = url
    for name in Settings.model_fields:
        if (value := environ.get(env_name(name))) is not None:
            values[name] = value
    values.update({name: value for name, value in (overrides or {}).items() if value is not None})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"The setting “{where}” is not right: {first['msg']}. See docs/settings.md.",
            {"setting": where},
        ) from None


def _read(file: Path | None) -> dict[str, object]:
    path = file or DEFAULT_FILE
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if file is None:
            return {}
        raise Problem(ProblemCode.NOT_FOUND, f"There is no settings file {file}. Check --config.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Problem(
            ProblemCode.INVALID_REQUEST, f"The settings file {path} cannot be read: {error}. Mend it and start again."
        ) from None
