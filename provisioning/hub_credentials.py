"""Where the hub is and what lets this device in: one private file, so that the store holds no secret."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from foundation.files import read_private, remove_private, write_private
from protocol.problems import Problem, ProblemCode

MAX_TOKEN = 4096
"""Characters of a token; a header longer than this is refused by most servers."""


BATCH_PREFIX = "hutch_batch_"
"""How a hub's tokens for many devices begin."""


class HubCredentials(BaseModel):
    """The address of a hub's link (``ws``, ``wss``, ``http`` or ``https``), and what lets this device in.

    Without ``token`` the device shows its own key and is claimed by a person, or by ``enrolment_token``: a token for
    many devices that is needed once and says into which group they come.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(max_length=2048)
    token: SecretStr | None = Field(default=None, min_length=1, max_length=MAX_TOKEN)
    enrolment_token: SecretStr | None = Field(default=None, min_length=1, max_length=MAX_TOKEN)

    @classmethod
    def of(cls, url: str, token: SecretStr | None = None) -> HubCredentials:
        """From what a person enters; the token's beginning says which kind it is. Raises ValidationError."""
        if token is not None and token.get_secret_value().startswith(BATCH_PREFIX):
            return cls(url=url, enrolment_token=token)
        return cls(url=url, token=token)

    @property
    def has_key(self) -> bool:
        """Whether the device shows a key of its own."""
        return self.token is None

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

    @field_validator("token", "enrolment_token")
    @classmethod
    def _fits_a_header(cls, token: SecretStr | None) -> SecretStr | None:
        text = "" if token is None else token.get_secret_value()
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
                f"{self._path} does not hold a hub's address. Remove it and set the hub again.",
            ) from None

    def write(self, credentials: HubCredentials) -> None:
        """Keep these credentials instead of the ones before. Raises :class:`Problem`."""
        plain = _Plain(
            url=credentials.url, token=_text(credentials.token), enrolment_token=_text(credentials.enrolment_token)
        )
        write_private(self._path, plain.model_dump_json(exclude_none=True).encode())

    def remove(self) -> None:
        """Forget the hub."""
        remove_private(self._path)


class _Plain(BaseModel):
    url: str
    token: str | None
    enrolment_token: str | None


def _text(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
