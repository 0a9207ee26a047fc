"""What lies in ``data/care``, and why. Blocks."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from appliance.care.pending import planned
from appliance.layout import Layout


def restored(layout: Layout) -> Path:
    """Where a backup is unpacked while it is checked, until it comes into force."""
    return layout.data / "care" / "restored"


def handed_over(layout: Layout) -> Path:
    """Where folders of a workspace wait that only the agents' account can put in their place."""
    return layout.data / "care" / "workspace"


def left_over(layout: Layout) -> Path:
    """Where restored folders are kept of which something could not be put in its place."""
    return layout.data / "care" / "left-over"


def clear_staged(layout: Layout) -> None:
    """Remove a backup that was unpacked, and of which nobody said that it is to come into force."""
    if planned(layout) is None:
        shutil.rmtree(restored(layout), ignore_errors=True)


def left_over_words(layout: Layout) -> str:
    """What a person has to know of folders that could not be restored as a whole; empty where there are none."""
    names: list[str] = []
    with suppress(OSError):
        names = sorted(path.name for path in left_over(layout).iterdir())
    if not names:
        return ""
    return (
        f"Not all of the restored workspace could be put in its place: {', '.join(names)[:500]}. What the backup holds "
        f"of it lies in {left_over(layout)}; copy it from there as root, then remove that folder."
    )
