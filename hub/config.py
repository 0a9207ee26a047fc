"""Settings of a hub: defaults, then the file, then the environment, then the command line.

The file is TOML (``/etc/hutch/hub.toml`` or ``--config``) with the names of :class:`HubSettings`; in the environment
the same names are upper case behind ``HUTCH_HUB_``, lists separated by commas. docs/hub-settings.md describes each.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic.networks import IPvAnyNetwork

from foundation.settings import Listen, Sources, split_commas
from protocol.limits import SILENT_AFTER

DEFAULT_FILE = Path("/etc/hutch/hub.toml")
SOURCES = Sources(DEFAULT_FILE, "HUTCH_HUB_", "docs/hub-settings.md")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_safe_web_address(url: str) -> bool:
    """Whether secrets may go there: https, or plain http to this very machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    plain = parts.path in {"", "/"} and not parts.query and not parts.fragment and parts.username is None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain:
        raise ValueError("write it as https://hub.example.org, without a path")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _provider(url: str) -> str:
    if not is_safe_web_address(url):
        raise ValueError("a provider is reached by https; only one on this machine may be http")
    return url


Origin = Annotated[str, Field(max_length=300), AfterValidator(_origin)]
Names = Annotated[tuple[str, ...], BeforeValidator(split_commas)]


class HubSettings(BaseModel):
    """Everything that can be set. Paths left out lie under ``data``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(default=Path("/var/lib/hutch-hub"), description="Folder of the store, keys and state.")
    listen: Annotated[Listen, BeforeValidator(Listen.parse)] = Field(
        default=Listen(host="127.0.0.1", port=8090),
        description="HOST:PORT of the hub's pages and of the devices' link.",
    )
    public_url: Annotated[tuple[Origin, ...], BeforeValidator(split_commas)] = Field(
        default=(),
        description="Where people and devices reach the hub, e.g. https://hub.example.org; the first counts.",
    )
    database_url: SecretStr | None = Field(
        default=None, description="Another database, e.g. postgresql://user@host/name."
    )
    database_seconds: float = Field(
        default=10, ge=1, le=300, description="Seconds without an answer after which PostgreSQL counts as away."
    )
    nats_url: SecretStr | None = Field(
        default=None, description="NATS for a hub of several nodes, e.g. nats://host:4222."
    )
    node: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")] = Field(
        default="", description="Name of this node among several; default a random one at each start."
    )
    key_file: Path | None = Field(default=None, description="The hub's signing key; default data/hub.key.")
    hosts: Names = Field(default=(), description="More host names under which the hub may be reached.")
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(split_commas)] = Field(
        default=(), description="Networks of reverse proxies whose X-Forwarded-* headers count."
    )
    secure_cookies: bool | None = Field(
        default=None, description="Cookies for HTTPS only; default: when every public_url is https."
    )
    oidc_issuer: Annotated[str, Field(max_length=255), AfterValidator(_provider)] | None = Field(
        default=None, description="OpenID provider, exactly as it names itself."
    )
    oidc_client_id: str | None = Field(default=None, max_length=255, description="What the provider knows the hub by.")
    oidc_client_secret: SecretStr | None = Field(default=None, description="The hub's secret at the provider.")
    oidc_client_secret_file: Path | None = Field(default=None, description="A file that holds that secret.")
    oidc_name: str = Field(default="Single sign-on", max_length=64, description="What the login button says.")
    oidc_allowed_domains: Names = Field(
        default=(), description="E-mail domains whose people get an account by themselves at their first login."
    )
    audit_days: int = Field(default=365, ge=1, description="Days the audit log is kept.")
    health_days: int = Field(default=30, ge=1, le=365, description="Days of health history kept for charts.")
    event_days: int = Field(default=90, ge=1, le=3650, description="Days of events, alerts and finished commands kept.")
    max_devices: int = Field(default=20_000, ge=1, le=1_000_000, description="Devices that may exist at most.")
    max_viewers: int = Field(default=16, ge=1, le=256, description="Viewers of one session at most.")
    private_notifications: bool = Field(
        default=False, description="Notifications may go to addresses of private networks, such as a chat at home."
    )
    silent_seconds: float = Field(
        default=SILENT_AFTER, ge=2, le=3600, description="Seconds without a sign of a device that end its connection."
    )
    grace_seconds: float = Field(
        default=30, ge=0, le=3600, description="Seconds a device may be away before it counts as offline."
    )
    output_bytes_per_second: int = Field(
        default=4 * 1024 * 1024, ge=64 * 1024, description="Output of one session beyond which it is cut off."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    log_format: Literal["auto", "console", "json", "journal"] = Field(
        default="auto", description="auto: console on a terminal, journal under systemd, JSON elsewhere."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError("oidc_issuer and oidc_client_id belong together: set both or neither")
        if self.oidc_client_secret is not None and self.oidc_client_secret_file is not None:
            raise ValueError("set oidc_client_secret or oidc_client_secret_file, not both")
        return self

    @property
    def address(self) -> str:
        """Where people open the hub."""
        return self.public_url[0] if self.public_url else f"http://{self.listen.authority}"

    @property
    def store_url(self) -> str:
        """Where the store is."""
        secret = self.database_url
        return secret.get_secret_value() if secret else f"sqlite:///{self.data.absolute() / 'hub.db'}"

    @property
    def nats_address(self) -> str | None:
        """NATS with its password, where there is one."""
        return self.nats_url.get_secret_value() if self.nats_url else None

    @property
    def key_path(self) -> Path:
        """The file of the hub's signing key."""
        return (self.key_file or self.data / "hub.key").absolute()

    @property
    def setup_code_path(self) -> Path:
        """The one-time code, until somebody has used it."""
        return self.data.absolute() / "setup-code"

    @property
    def lock_path(self) -> Path:
        """Held by the running hub."""
        return self.data.absolute() / "lock"

    @property
    def cookies_are_secure(self) -> bool:
        """Whether browsers send cookies over https only."""
        if self.secure_cookies is not None:
            return self.secure_cookies
        return bool(self.public_url) and all(url.startswith("https://") for url in self.public_url)

    @property
    def public_hosts(self) -> frozenset[str]:
        """The host names of the public addresses and the further ones, without ports."""
        return frozenset({*self.hosts, *(urlsplit(url).hostname or "" for url in self.public_url)} - {""})


def env_name(setting: str) -> str:
    """The environment variable of a setting."""
    return SOURCES.env_name(setting)


def load(file: Path | None, environ: Mapping[str, str], overrides: Mapping[str, object] | None = None) -> HubSettings:
    """Read the settings.

    Raises:
        Problem: INVALID_REQUEST naming the setting and what is wrong with it.
    """
    return SOURCES.load(HubSettings, file, environ, overrides)
