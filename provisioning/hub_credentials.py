"""Where the hub is and what lets this device in: one private file, so that the store holds no secret."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from foundation.files import read_private, remove_private, write_private
from protocol.problems import Problem, ProblemCode

MAX_TOKEN = 4096
"""Characters of a token; a header longer than this is refused by most servers."""


class HubCredentials(BaseModel):
    """The address of a hub's link (``ws``, ``wss``, ``http`` or ``https``) and the bearer token for it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(max_length=2048)
    token: SecretStr = Field(min_length=1, max_length=MAX_TOKEN)

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError("the hub's address holds characters that no address has")
        parts = urlsplit(url)
        if parts.scheme not in {"ws", "wss", "http", "https"} or not parts.hostname:
            raise ValueError("the hub's address starts with wss:// or https:// and names a host")
        if parts.username or parts.password:
            raise ValueError("the hub's address holds no user or password; the token is a field of its own")
        return url

    @field_validator("token")
    @classmethod
    def _fits_a_header(cls, token: SecretStr) -> SecretStr:
        text = token.get_secret_value()
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("the token is printable ASCII without spaces")
        return token


class HubCredentialsFile:
    """The credentials in their file (mode 0600). Every method blocks for a small file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> HubCredentials | None:
        """The credentials, None where the device has no hub. Raises :class:`Problem` for a file that is not ours."""
        content = read_private(self._path)
        if content is None:
            return None
        try:
            return HubCredentials.model_validate_json(content)
        except ValidationError:
            # The message of the error would show the content, and with it the token.
            raise Problem(
                ProblemCode.UNAVAILABLE,
                f"{self._path} does not hold a hub's address and token. Remove it and set the hub again.",
            ) from None

    def write(self, credentials: HubCredentials) -> None:
        """Keep these credentials instead of the ones before. Raises :class:`Problem`."""
        fields = {"url": credentials.url, "token": credentials.token.get_secret_value()}
        write_private(self._path, _Plain(**fields).model_dump_json().encode())

    def remove(self) -> None:
        """Forget the hub."""
        remove_private(self._path)


class _Plain(BaseModel):
    url: str
    token: str
