"""Finding built files, and doing without them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foundation.web.pages.assets import Assets, Entry

MANIFEST = {
    "src/main.ts": {
        "file": "assets/main-1.js",
        "css": ["assets/main-1.css"],
        "imports": ["_shared.js"],
        "isEntry": True,
    },
    "_shared.js": {"file": "assets/shared-1.js", "css": ["assets/shared-1.css"], "imports": ["src/main.ts"]},
    "src/assets/mark.svg": {"file": "assets/mark-1.svg"},
}


def test_an_entry_brings_its_imports(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    assets = Assets(tmp_path)
    assets.load()
    assert assets.entry("src/main.ts") == Entry(
        script="/static/assets/main-1.js",
        styles=("/static/assets/shared-1.css", "/static/assets/main-1.css"),
        preloads=("/static/assets/shared-1.js",),
    )
    assert assets.url("src/assets/mark.svg") == "/static/assets/mark-1.svg"


@pytest.mark.parametrize("text", [None, "", "[]", '{"src/main.ts": 1}'])
def test_without_a_build_pages_have_no_scripts(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    assets = Assets(tmp_path)
    assets.load()
    assert assets.entry("src/main.ts") == Entry()
    assert assets.url("src/assets/mark.svg") == ""
