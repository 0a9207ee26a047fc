"""Which hub this user works with, and the token for it: one private file, or the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from foundation.files import make_private_folder, read_private, remove_private, write_private
from protocol.problems import Problem, ProblemCode

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Access(BaseModel):
    """A hub's address and a token that opens it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str
    token: SecretStr


class _Plain(BaseModel):
    url: str
    token: str


@dataclass(frozen=True, slots=True)
class Account:
    """The file that keeps the access. ``HUTCH_FLEET_URL`` and ``HUTCH_FLEET_TOKEN`` come before it."""

    path: Path

    @classmethod
    def of_this_user(cls) -> Account:
        """In the user's configuration folder (XDG base directories)."""
        base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        return cls(Path(base) / "hutch" / "fleet.json")

    def read(self) -> Access:
        """The access. Raises :class:`Problem` NOT_LOGGED_IN where there is none."""
        url, token = os.environ.get("HUTCH_FLEET_URL"), os.environ.get("HUTCH_FLEET_TOKEN")
        if url and token:
            return Access(url=hub_address(url), token=SecretStr(token))
        content = read_private(self.path)
        if content is None:
            raise Problem(ProblemCode.NOT_LOGGED_IN, "Log in to your hub first: hutch fleet login URL")
        try:
            return Access.model_validate_json(content)
        except ValidationError:
            raise Problem(
                ProblemCode.UNAVAILABLE, f"{self.path} is not what this command wrote. Log in again to replace it."
            ) from None

    def write(self, access: Access) -> None:
        """Keep an access; it replaces the one before."""
        make_private_folder(self.path.parent)
        plain = _Plain(url=access.url, token=access.token.get_secret_value())
        write_private(self.path, plain.model_dump_json().encode())

    def remove(self) -> None:
        """Forget it."""
        remove_private(self.path)


def hub_address(text: str) -> str:
    """``https://host[:port]`` of what a person typed. Raises :class:`Problem` INVALID_REQUEST."""
    address = text if "://" in text else f"https://{text}"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.username:
        raise Problem(ProblemCode.INVALID_REQUEST, "This is no hub's address. Write it like https://hub.example.org.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            "Over http everybody on the way reads your token. Use the hub's https address.",
        )
    return f"{parts.scheme}://{parts.netloc}"
