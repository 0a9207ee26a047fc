"""Files that come inside of a message, as ``data:`` URLs (RFC 2397): read, bounded, and checked."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from protocol.problems import Problem, ProblemCode

SCHEME: Final = "data:"
_MAX_HEADER: Final = 1000
_PICTURES: Final[dict[str, tuple[bytes, ...]]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
"""How pictures begin that go to the model as such. A provider refuses a conversation for good that has a broken one."""


@dataclass(frozen=True, slots=True)
class Data:
    """The bytes of a file, and of which kind they are said to be, in lower case."""

    content: bytes
    mime: str


def read_data_url(url: str, mime: str) -> Data:
    """What is in a ``data:`` URL. ``mime`` wins over the kind in the URL; text/plain where nobody says. Blocks.

    Raises:
        Problem: INVALID_REQUEST for what is no such URL, or a picture that is none of its kind.
    """
    header, comma, text = url[len(SCHEME) :].partition(",")
    if not comma or len(header) > _MAX_HEADER:
        raise Problem(ProblemCode.INVALID_REQUEST, "A data: URL has a comma between its kind and its data.")
    said, *parameters = header.split(";")
    kind = (mime or said or "text/plain").partition(";")[0].strip().lower()
    found = Data(_decoded(text, is_base64="base64" in (one.strip().lower() for one in parameters[-1:])), kind)
    begins = _PICTURES.get(kind)
    if begins is not None and not found.content.startswith(begins):
        raise Problem(ProblemCode.INVALID_REQUEST, f"A file is said to be {kind} and is none. Send it as what it is.")
    return found


def name_for(mime: str, number: int) -> str:
    """A name for the ``number``-th file of a message that came without one."""
    return f"file-{number}{mimetypes.guess_extension(mime) or ''}"


def _decoded(text: str, *, is_base64: bool) -> bytes:
    plain = unquote_to_bytes(text) if "%" in text else text.encode()
    if not is_base64:
        return plain
    try:
        return base64.b64decode(b"".join(plain.split()), validate=True)
    except binascii.Error:
        raise Problem(ProblemCode.INVALID_REQUEST, "The data of a data: URL is no base64.") from None
