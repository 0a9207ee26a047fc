"""The kinds of values that stand in messages, each with its bounds. Everything inbound passes through one of these."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from protocol.limits import MAX_CHUNKS, MAX_COLS, MAX_FILE_BYTES, MAX_ROWS, MAX_SEQ

SESSION_ID_PATTERN: Final = r"^[A-Za-z0-9_-]{1,64}$"
REQUEST_ID_PATTERN: Final = r"^[!#-\[\]-~]{1,128}$"
"""Visible ASCII but the quotation mark and the backslash, so that it reads the same with and without JSON."""
_NO_CONTROLS: Final = r"^[^\x00-\x1f\x7f]*$"
_NO_NUL: Final = r"^[^\x00]*$"
_RFC3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.(?P<fraction>\d{1,12}))?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
MAX_ERROR_CHARS: Final = 4096


def _decode_base64(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("base64", "Input should be base64 (RFC 4648, section 4, with padding)") from None


def _encode_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _parse_time(value: object) -> object:
    if isinstance(value, datetime):
        return value
    found = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("rfc3339", "Input should be a time as in RFC 3339, e.g. 2026-11-21T08:30:00Z")
    text, fraction = found.string.upper(), found["fraction"]
    if fraction:
        text = text.replace(f".{fraction}", f".{fraction[:6].ljust(6, '0')}", 1)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("rfc3339", "Input should be a time that exists") from None


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("rfc3339", "Input should be a time that exists in UTC") from None


def format_time(value: datetime) -> str:
    """An aware time as every message writes it: UTC with ``Z``, six digits of fraction or none."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _whole(value: object) -> object:
    """Some gateways measure seconds as fractions; whole ones are enough."""
    return int(value) if isinstance(value, float) and 0 <= value < MAX_SEQ else value


def _clip(value: object) -> object:
    """Errors may quote names of files that are no UTF-8; a refusal must go out all the same."""
    return value[:MAX_ERROR_CHARS].encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


SessionId = Annotated[str, Field(pattern=SESSION_ID_PATTERN)]
RequestId = Annotated[str, Field(pattern=REQUEST_ID_PATTERN)]
TransferId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
GatewayId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]

Base64Bytes = Annotated[
    bytes,
    BeforeValidator(_decode_base64),
    PlainSerializer(_encode_base64, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
"""Base64 on the wire, bytes in the program."""

PublicKey = Annotated[Base64Bytes, Field(min_length=32, max_length=32)]
"""An Ed25519 public key as RFC 8032 writes it: 32 bytes."""
Signature = Annotated[Base64Bytes, Field(min_length=64, max_length=64)]
"""An Ed25519 signature: 64 bytes."""
Nonce = Annotated[Base64Bytes, Field(min_length=32, max_length=32)]
ClaimCode = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]$")]
"""Nine characters of Crockford's base32 (45 bits), in groups as they are read out."""
HubHost = Annotated[str, Field(min_length=1, max_length=262, pattern=r"^[A-Za-z0-9.:_\[\]-]+$")]
"""``host`` or ``host:port``, an IPv6 address in brackets."""
StreamId = Annotated[str, Field(pattern=SESSION_ID_PATTERN)]
"""Stands where a terminal frame has its session id."""

Time = Annotated[
    AwareDatetime,
    BeforeValidator(_parse_time),
    AfterValidator(_to_utc),
    PlainSerializer(format_time, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""RFC 3339 on the wire, an aware UTC time in the program."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{64}$"), AfterValidator(str.lower)]
"""64 hexadecimal digits, read in either case, kept in lower case."""

Line = Annotated[str, Field(max_length=256, pattern=_NO_CONTROLS)]
"""One short line: no control characters."""
Word = Annotated[str, Field(min_length=1, max_length=128, pattern=_NO_CONTROLS)]
Path = Annotated[str, Field(min_length=1, max_length=4096, pattern=_NO_NUL)]
"""A path as the sender wrote it. Whether it stays inside the workspace root is for the receiver to check."""
Url = Annotated[str, Field(max_length=2048, pattern=r"^https?://[!-~]+$")]
LongText = Annotated[str, Field(max_length=256 * 1024)]
ErrorText = Annotated[str, BeforeValidator(_clip), Field(max_length=MAX_ERROR_CHARS)]
"""A sentence for a person; longer text is cut."""

Cols = Annotated[int, Field(ge=1, le=MAX_COLS)]
Rows = Annotated[int, Field(ge=1, le=MAX_ROWS)]
CursorX = Annotated[int, Field(ge=0, le=MAX_COLS)]
CursorY = Annotated[int, Field(ge=0, le=MAX_ROWS)]
Seq = Annotated[int, Field(ge=0, le=MAX_SEQ)]
ByteCount = Annotated[int, Field(ge=0, le=MAX_SEQ)]
FileSize = Annotated[int, Field(ge=0, le=MAX_FILE_BYTES)]
ChunkCount = Annotated[int, Field(ge=0, le=MAX_CHUNKS)]
ChunkNumber = Annotated[int, Field(ge=0, lt=MAX_CHUNKS)]
Seconds = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=MAX_SEQ)]
Percent = Annotated[float, Field(ge=0, le=100)]
EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
EnvValue = Annotated[str, Field(max_length=32 * 1024, pattern=_NO_NUL)]
