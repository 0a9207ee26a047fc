"""The root filesystem as Debian's packages make it, before anything of Hutch is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from image.build.programs import BuildError, output, run
from image.build.sources import RELEASE, without_backports

LEFT_OUT = (
    *("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"),
    *("/usr/share/lintian/*", "/usr/share/bash-completion/*"),
)
_DIVERTED = ("/usr/sbin/update-initramfs", "/usr/sbin/depmod")
"""Slow under emulation, and done by the build itself."""


def make_debian(folder: Path, sources: str, packages: Sequence[str]) -> None:
    """Install the packages into ``root.tar``; its times end with the newest release file's date."""
    apt = Apt(folder / "apt", without_backports(sources))
    epoch = apt.update()
    options = [f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT]
    run(
        *("mmdebstrap", "--variant=apt", "--mode=root", "--architectures=arm64", f"--include={','.join(packages)}"),
        *('--aptopt=Apt::Install-Recommends "false"', "--dpkgopt=force-unsafe-io", *options),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        *(f"--essential-hook={_divert(program)}" for program in _DIVERTED),
        *(f"--customize-hook={_restore(program)}" for program in _DIVERTED),
        *(RELEASE, folder / "root.tar", "-"),
        env={"SOURCE_DATE_EPOCH": str(epoch), "PYTHONHASHSEED": "0"},
        given=without_backports(sources).encode(),
    )
    apt.remove()


def _divert(program: str) -> str:
    return f'chroot "$1" dpkg-divert --quiet --local --rename --add {program}; ln -sf /bin/true "$1{program}"'


def _restore(program: str) -> str:
    return f'rm "$1{program}"; chroot "$1" dpkg-divert --quiet --local --rename --remove {program}'


class Apt:
    """apt with sources and state of its own, for arm64, beside the machine's.

    ``status`` is dpkg's of a system that packages are fetched for; without it none is there yet.
    """

    def __init__(self, folder: Path, sources: str, *, status: Path | None = None) -> None:
        self._folder = folder
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "sources.list").write_text(sources)
        (folder / "status").write_bytes(status.read_bytes() if status is not None else b"")
        self._options = (
            *("-o", "APT::Architecture=arm64", "-o", "APT::Architectures::=arm64", "-o", "APT::Sandbox::User=root"),
            *("-o", f"Dir::Etc::sourcelist={folder}/sources.list", "-o", "Dir::Etc::sourceparts=/dev/null"),
            *("-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::State::status={folder}/status"),
            *("-o", f"Dir::Cache={folder}/cache"),
        )

    def update(self) -> int:
        """Fetch the package lists; the newest release file's date, in seconds since 1970."""
        run("apt-get", *self._options, "update")
        releases = [*(self._folder / "lists").glob("*Release")]
        dates = [found[1] for file in releases if (found := re.search(r"^Date: (.+)$", file.read_text(), re.MULTILINE))]
        if not dates:
            raise BuildError("apt brought no release file. Check the sources of the image.")
        newest = max(parsedate_to_datetime(date).astimezone(UTC) for date in dates)
        return int((newest - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())

    def download(self, folder: Path, package: str) -> Path:
        """Fetch one package (NAME, NAME=VERSION or NAME/SUITE) into the folder."""
        before = set(folder.glob("*.deb"))
        run("apt-get", *self._options, "download", package, cwd=folder)
        new = set(folder.glob("*.deb")) - before
        if len(new) != 1:
            raise BuildError(f"apt did not bring {package}. Check the sources of the image.")
        return new.pop()

    def with_needs(self, packages: Sequence[str]) -> list[Path]:
        """Fetch packages and what they need beside what is there."""
        words = ("install", "--yes", "--no-install-recommends", "--download-only", *packages)
        run("apt-get", *self._options, *words)
        return sorted((self._folder / "cache/archives").glob("*.deb"))

    def remove(self) -> None:
        """Take the lists away again; they are large."""
        output("rm", "-rf", self._folder)
