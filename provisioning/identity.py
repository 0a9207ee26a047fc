"""Who this device is towards a hub: one name that never changes."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from foundation.files import create_private, read_private
from protocol.problems import Problem, ProblemCode

FILE_NAME = "gateway_id"
_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}")


def gateway_id(data: Path) -> str:
    """The device's id, made on the first call and kept in the data folder. Blocks; raises :class:`Problem`.

    Two processes that ask at the same time get the same answer.
    """
    path = data / FILE_NAME
    content = read_private(path)
    if content is None:
        create_private(path, f"hutch-{secrets.token_hex(8)}\n".encode())
        content = read_private(path) or b""
    text = content.decode("ascii", errors="replace").strip()
    if not _FORM.fullmatch(text):
        raise Problem(
            ProblemCode.UNAVAILABLE,
            f"{path} does not hold a device id. Bring it back from a backup, or remove it to get a new identity.",
        )
    return text
