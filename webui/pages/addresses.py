"""Addresses that came from outside."""

from __future__ import annotations

import re

_LOCAL = re.compile(r"/(?![/\\])[\x21-\x7e]{0,1900}")


def local_path(given: str, otherwise: str = "/") -> str:
    """``given`` when it is a path on this device, else ``otherwise``: nobody is sent to another site from here."""
    return given if _LOCAL.fullmatch(given) and "\\" not in given else otherwise
