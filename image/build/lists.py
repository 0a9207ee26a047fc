"""The lists of the recipe: one entry a line, ``#`` starts a comment."""

from __future__ import annotations

from pathlib import Path


def entries(file: Path) -> list[str]:
    """The entries of a list, in its order."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line]
