"""Compiled templates are kept, and never taken for others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from foundation.web.pages.compiled import CompiledTemplates


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the bytecode of this run's modules lies."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path / "kept"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "templates" / "page.html"
    file.parent.mkdir()
    file.write_text("One {{ 1 + 1 }}")
    return file


def rendered(page: Path) -> str:
    """What a process that starts now makes of it."""
    environment = Environment(loader=FileSystemLoader(page.parent), autoescape=True, bytecode_cache=CompiledTemplates())
    return environment.get_template(page.name).render()


def files(kept: Path) -> list[Path]:
    return [file for file in kept.rglob("*") if file.is_file()]


def test_a_template_is_compiled_once_and_again_when_it_changes(page: Path, kept: Path) -> None:
    assert rendered(page) == "One 2"
    [file] = files(kept)
    before = file.read_bytes()
    assert rendered(page) == "One 2"
    assert file.read_bytes() == before
    page.write_text("Other {{ 2 + 2 }}")
    assert rendered(page) == "Other 4"
    assert file.read_bytes() != before


def test_what_was_cut_short_is_compiled_anew(page: Path, kept: Path) -> None:
    rendered(page)
    [file] = files(kept)
    for left in (0, 10, len(file.read_bytes()) - 1):
        file.write_bytes(file.read_bytes()[:left])
        assert rendered(page) == "One 2"


def test_where_nothing_may_be_written_pages_are_shown_all_the_same(
    page: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.write_text("no folder")
    assert rendered(page) == "One 2"
    kept.unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered(page) == "One 2"
    assert files(kept) == []
