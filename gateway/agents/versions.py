"""Which version of a program is there: what it prints, and what its package says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

MAX_PACKAGE_JSON = 1024 * 1024
"""Bytes of a package.json that is read."""

_VERSION = re.compile(r"(?<![\w.])v?(\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][0-9A-Za-z.+-]{1,64})?)(?![\w.]*\d)")


class _Package(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    version: str


def printed_version(text: str) -> str | None:
    """The first semantic version in what ``program --version`` printed, as in ``codex-cli 0.169.0``; else None."""
    found = _VERSION.search(text[:10_000])
    return found.group(1) if found else None


def package_version(folder: Path, package: str) -> str | None:
    """The version an installed package's folder names in its package.json; None when it is another or unreadable."""
    try:
        with (folder / "package.json").open("rb") as file:
            read = _Package.model_validate_json(file.read(MAX_PACKAGE_JSON))
    except (OSError, ValidationError, json.JSONDecodeError):
        return None
    return read.version if read.name == package else None


def version_near(program: Path, package: str) -> str | None:
    """The version of the package a program belongs to, looked for in the folders above the real file."""
    try:
        real = program.resolve(strict=True)
    except OSError:
        return None
    found = (package_version(folder, package) for folder in list(real.parents)[:4])
    return next((version for version in found if version), None)
