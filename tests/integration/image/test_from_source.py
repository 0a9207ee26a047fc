"""Locked packages that have no wheel, built as the image builds them. Fetches them as pip does."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from image.build import python_tree

REQUIREMENTS = Path(__file__).parents[3] / "requirements"


def test_they_are_built_with_the_setuptools_that_is_locked(tmp_path: Path) -> None:
    lock = (REQUIREMENTS / "runtime.txt").read_text()
    _, apart = python_tree.split_lock(lock, python_tree.FROM_SOURCE)
    (tmp_path / "sources.txt").write_text(apart)
    wheels = python_tree.make_wheels(tmp_path / "built", tmp_path / "sources.txt")
    assert [wheel.name.split("-")[0] for wheel in wheels] == [
        name.replace("-", "_") for name in python_tree.FROM_SOURCE
    ]
    locked = re.search(r"^setuptools==(\S+)", (REQUIREMENTS / "dev.txt").read_text(), re.MULTILINE)
    assert locked is not None
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            [about] = [name for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
            assert f"Generator: setuptools ({locked[1]})" in archive.read(about).decode()
