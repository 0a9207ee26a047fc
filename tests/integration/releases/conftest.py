"""Machines and releases for these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.releases.machine import Machine, machine, why_not
from tests.integration.releases.makers import Maker


@pytest.fixture(scope="session")
def possible() -> None:
    """A tree of its own needs root."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture
def box(possible: None, tmp_path: Path) -> Iterator[Machine]:
    """A machine without Hutch."""
    with machine(tmp_path / "machine") as made:
        yield made


@pytest.fixture
def maker(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Makes releases that one key signs."""
    return Maker(tmp_path / "releases", tmp_path_factory.getbasetemp().parent / "release-parts")
