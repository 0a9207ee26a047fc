"""The locked requirements: hashed, from no particular registry, and in step with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.tooling.tracked import ROOT, relative, text_of, tracked_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS: dict[str, list[str | dict[str, str]]] = PROJECT["dependency-groups"]
LOCKS = sorted(path.stem for path in (ROOT / "requirements").glob("*.txt"))


@dataclass(frozen=True)
class Locked:
    name: str
    version: Version
    hashes: int


def locked(lock: str) -> dict[str, list[Locked]]:
    """What a file locks; a package may stand twice, for different Pythons."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text().replace("\\\n", " ")
    found: dict[str, list[Locked]] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.match(r"(\S+?)(?:\[[^]]*\])?==(\S+)", line)
        assert match, f"{lock}.txt: not locked to one version: {line[:80]}"
        name = canonicalize_name(match[1])
        found.setdefault(name, []).append(Locked(name, Version(match[2]), line.count("--hash=sha256:")))
    return found


def declared(group: str) -> list[Requirement]:
    wanted: list[Requirement] = []
    for entry in GROUPS[group]:
        if isinstance(entry, str):
            wanted.append(Requirement(entry))
        else:
            wanted += declared(entry["include-group"])
    return wanted


RUNTIME = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
CONTENTS = {
    "runtime": RUNTIME,
    "build": RUNTIME + declared("build"),
    "dev": RUNTIME + declared("dev"),
    "bench": declared("bench"),
}


def test_every_lock_is_known() -> None:
    assert sorted(CONTENTS) == LOCKS


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_hashes(lock: str) -> None:
    bare = [one.name for versions in locked(lock).values() for one in versions if not one.hashes]
    assert bare == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_fits_pyproject(lock: str) -> None:
    packages = locked(lock)
    for wanted in CONTENTS[lock]:
        versions = [one.version for one in packages.get(canonicalize_name(wanted.name), [])]
        assert versions, f"{wanted.name} is not in requirements/{lock}.txt; run make lock"
        assert all(wanted.specifier.contains(version, prereleases=True) for version in versions), wanted


@pytest.mark.parametrize("lock", ["build", "dev"])
def test_wider_locks_hold_the_runtime_as_it_is(lock: str) -> None:
    wider = locked(lock)
    assert {name: wider[name] for name in locked("runtime")} == locked("runtime")


REGISTRY = re.compile(
    r"(?:--(?:extra-)?index-url|--find-links[=\s]+\w+://|pypi\.org/simple|files\.pythonhosted\.org|registry\.[\w-]+\.(?:com|org|net|io|dev)\b)"
)


def test_no_file_names_a_registry() -> None:
    ours = ROOT / "tests" / "tooling" / "test_requirements.py"
    named = [relative(path) for path in tracked_files() if path != ours and REGISTRY.search(text_of(path))]
    assert named == []


def test_no_package_lock_names_where_a_package_came_from() -> None:
    locks = [path for path in tracked_files() if path.name == "package-lock.json"]
    assert locks
    assert [relative(path) for path in locks if '"resolved"' in text_of(path)] == []
