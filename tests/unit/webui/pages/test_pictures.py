"""The pictures in the repository: few, small, and each shown somewhere."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
PICTURES = ROOT / "docs" / "pictures"
LARGEST = 150_000


def test_every_picture_is_shown_and_small() -> None:
    texts = [(ROOT / "README.md").read_text(), *(file.read_text() for file in (ROOT / "docs").glob("*.md"))]
    shown = {name for text in texts for name in re.findall(r"pictures/([a-z-]+\.png)\)", text)}
    files = {file.name: file.stat().st_size for file in PICTURES.iterdir()}
    assert set(files) == shown
    assert [name for name, size in files.items() if size > LARGEST] == []
