"""Two builds from the same inputs give the same root filesystem, whatever folder they are made in."""

from __future__ import annotations

from pathlib import Path

import pytest

from image.build.main import Where, recipe
from image.build.manifest import measure
from image.build.recipe import Recipe
from tests.image.conftest import CACHE, KEYS, ROOT


def built(cache: Path) -> Recipe:
    """The recipe with a cache of its own, which shares Debian's packages and the wheel with the real one."""
    cache.mkdir(parents=True)
    for shared in (
        "wheel",
        "development-keys",
        *(one.name for kind in ("debian", "newer", "boot") for one in CACHE.glob(f"{kind}-*")),
    ):
        if (CACHE / shared).exists():
            (cache / shared).symlink_to(CACHE / shared)
    return recipe(Where(cache, KEYS, ROOT / "dist"), release=False)


def test_two_builds_give_the_same_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795000000")
    first, second = (built(tmp_path / name) for name in ("one", "another"))
    assert measure(first.slot.folder / "rootfs.img") == measure(second.slot.folder / "rootfs.img")
    assert measure(first.boot_slot.folder / "boot.img") == measure(second.boot_slot.folder / "boot.img")
    assert measure(first.bootfs.folder / "bootfs.img") == measure(second.bootfs.folder / "bootfs.img")
