"""What a stage of the image is made of is in its key: a change makes it anew, and everything that is built on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from image.build.cache import Cache, Stage, key_of
from image.build.keys import Keys
from image.build.recipe import Recipe
from tests.unit.image.programs import ROOT

BUILT_ON = {
    "debian": {"newer", "dependencies", "program", "slot"},
    "newer": {"slot"},
    "boot": {"initramfs", "slot"},
    "dependencies": {"slot"},
    "program": {"slot"},
    "initramfs": set[str](),
    "slot": set[str](),
}
"""Every stage of an image without agent CLIs, and those that are made of it."""
MADE_BY = (
    ("image/build/debian.py", {"debian", "boot"}),
    ("image/build/sources.py", {"debian", "boot"}),
    ("image/build/newer.py", {"newer"}),
    ("image/build/boot_packages.py", {"boot"}),
    ("image/build/python_tree.py", {"dependencies", "program"}),
    ("image/build/initramfs.py", {"initramfs"}),
    ("image/build/tree.py", {"slot"}),
    ("image/build/accounts.py", {"slot"}),
    ("image/packages.list", {"debian"}),
    ("image/newer-packages.list", {"newer"}),
    ("image/boot-packages.list", {"boot"}),
    ("image/modules.exclude", {"boot"}),
    ("requirements/runtime.txt", {"dependencies"}),
    ("requirements/build.txt", {"dependencies"}),
    ("hutch.whl", {"program"}),
)
CHANGES = {".py": "\n# changed\n", ".list": "\nchanged\n", ".exclude": "\nchanged\n", ".whl": "changed"}


@dataclass(frozen=True, slots=True)
class Keyed(Cache):
    """A cache that makes nothing, and notes the key of what is asked for."""

    keys: dict[str, str] = field(default_factory=dict)

    def stage(self, name: str, inputs: Mapping[str, str], make: Callable[[Path], None]) -> Stage:
        """Its key, and a folder that is not there."""
        self.keys[name] = key_of(name, inputs)
        return Stage(self.folder / name, self.keys[name])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout, as far as an image is made of it."""
    checkout = tmp_path / "checkout"
    for folder in ("image", "packaging", "requirements"):
        shutil.copytree(ROOT / folder, checkout / folder)
    (checkout / "hutch.whl").write_text("wheel")
    (checkout / "ca.pem").write_text("keyring")
    return checkout


@pytest.mark.parametrize(("changed", "makes"), MADE_BY)
def test_a_change_makes_its_stages_anew_and_no_others(root: Path, changed: str, makes: set[str]) -> None:
    before = _keys(root)
    file = root / changed
    file.write_text(file.read_text() + CHANGES.get(file.suffix, "\nsetuptools==1 --hash=sha256:1\n"))
    after = _keys(root)
    anew = {name for name in before if before[name] != after[name]}
    assert before.keys() == BUILT_ON.keys()
    assert anew == makes | {later for name in makes for later in BUILT_ON[name]}


def _keys(root: Path) -> dict[str, str]:
    cache = Keyed(root / "cache", print)
    keys = Keys(root, release=False)
    recipe = Recipe(root, cache, "deb x y z", keys, root / "hutch.whl", "1.0.0", "20261121", 1795000000)
    assert recipe.slot.key
    assert recipe.initramfs.key
    return cache.keys
