"""Packages of the release after the image's, installed over what Debian's own release brought."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

from image.build.debian import Apt
from image.build.programs import in_chroot, run
from image.build.sources import next_release

_DEBS = "newer"


def newest(archive: Path) -> int:
    """The newest time in an archive (seconds since 1970): what dpkg wrote gets it, whatever day that was."""
    with tarfile.open(archive) as opened:
        return max(int(member.mtime) for member in opened)


def make_newer(folder: Path, sources: str, packages: Sequence[str], debian: Path) -> None:
    """Install the packages into ``root.tar``, made of the one given. They bring nothing else with them.

    Raises:
        BuildError: with dpkg's words, when one of them asks for more than the image's release has.
    """
    apt = Apt(folder / "apt", next_release(sources))
    apt.update()
    root = folder / "root"
    debs = root / _DEBS
    debs.mkdir(parents=True)
    run("tar", "-C", root, "-xf", debian, "--exclude=./dev/*")
    names = [f"/{_DEBS}/{apt.download(debs, package).name}" for package in packages]
    with in_chroot(root):
        run("chroot", root, "dpkg", "--install", *names, env={"DEBIAN_FRONTEND": "noninteractive"})
    shutil.rmtree(debs)
    words = ("--numeric-owner", "--sort=name", "--exclude=./dev/*", "--clamp-mtime", f"--mtime=@{newest(debian)}")
    run("tar", "-C", root, *words, "-cf", folder / "root.tar", ".")
    run("rm", "-rf", root)
    apt.remove()
