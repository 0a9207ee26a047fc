"""Folders as people know them."""

from __future__ import annotations

from pathlib import Path


def folder_in_words(folder: Path, root: Path) -> str:
    """Relative to the workspace where it lies inside; the root of it is ``workspace``."""
    if folder == root:
        return "workspace"
    return str(folder.relative_to(root)) if folder.is_relative_to(root) else str(folder)
