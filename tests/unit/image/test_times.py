"""The times in a root filesystem are those of the packages and of the build, never of the day a part was made."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from image.build.newer import newest
from image.build.tree import Parts, normalise, ours

EPOCH, BEFORE, AFTER = 1_000_000, 900_000, 1_100_000
RELEASE = "9.9-arm64"


def write(file: Path, time: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(file.name)
    os.utime(file, (time, time))


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    folders = {name: tmp_path / name for name in ("boot", "dependencies", "program", "agents", "overlay", "packaging")}
    write(folders["boot"] / f"usr/lib/modules/{RELEASE}/vmlinuz", BEFORE)
    write(folders["boot"] / f"usr/lib/modules/{RELEASE}/modules.dep", BEFORE)
    write(folders["boot"] / f"usr/lib/modules/{RELEASE}/kernel/ext4.ko", BEFORE)
    for name in ("dependencies", "program", "agents", "overlay"):
        write(folders[name] / f"opt/{name}", BEFORE)
    return Parts(debian=tmp_path, keyring=tmp_path, version="1", build="1", **folders)


def test_what_the_build_brings_is_known(parts: Parts) -> None:
    files = {str(path) for path in ours(parts) if path.parts[0] == "opt" and len(path.parts) > 1}
    assert files == {"opt/dependencies", "opt/program", "opt/agents", "opt/overlay"}
    kernel = {path.name for path in ours(parts) if path.parts[0] == "usr"}
    assert kernel == {"modules.dep"}


@pytest.mark.parametrize("moment", [BEFORE, AFTER], ids=["kept from before", "made today"])
def test_the_day_a_part_was_made_does_not_show(tmp_path: Path, moment: int) -> None:
    root = tmp_path / "root"
    write(root / "usr/lib/python3/debian.py", BEFORE)
    for name in ("etc/ours", "etc/link-target"):
        write(root / name, moment)
    (root / "etc/link").symlink_to("link-target")
    os.utime(root / "etc/link", (moment, moment), follow_symlinks=False)
    os.utime(root / "etc", (moment, moment))
    normalise(root, EPOCH, frozenset(Path("etc", name) for name in ("ours", "link", "link-target")))
    for name in (".", "usr/lib", "etc", "etc/ours", "etc/link", "etc/link-target"):
        assert (root / name).lstat().st_mtime == EPOCH, name
    assert (root / "usr/lib/python3/debian.py").stat().st_mtime == BEFORE


def test_what_is_newer_than_the_build_is_as_old_as_it(tmp_path: Path) -> None:
    write(tmp_path / "etc/passwd", AFTER)
    normalise(tmp_path, EPOCH, frozenset())
    assert (tmp_path / "etc/passwd").stat().st_mtime == EPOCH


def test_the_newest_time_of_an_archive_is_found(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "root.tar", "w") as archive:
        for name, time in (("a", 5), ("b", 7), ("c", 6)):
            member = tarfile.TarInfo(name)
            member.mtime = time
            archive.addfile(member, io.BytesIO())
    assert newest(tmp_path / "root.tar") == 7
