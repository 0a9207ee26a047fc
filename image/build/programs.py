"""Running the programs that the build is made of."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

Word = str | Path

_NEEDED = {
    "mmdebstrap": "mmdebstrap",
    "mksquashfs": "squashfs-tools",
    "mkimage": "u-boot-tools",
    "mcopy": "mtools",
    "mkfs.vfat": "dosfstools",
    "mkfs.ext4": "e2fsprogs",
    "sfdisk": "fdisk",
    "depmod": "kmod",
    "rauc": "rauc",
    "zstd": "zstd",
    "cpio": "cpio",
    "arch-test": "arch-test",
    "openssl": "openssl",
    "xz": "xz-utils",
    "systemctl": "systemd",
}


class BuildError(Exception):
    """The build cannot go on; the text says why and what to do."""


def missing_packages() -> list[str]:
    """Debian's names of what the build machine lacks."""
    return sorted({package for program, package in _NEEDED.items() if shutil.which(program) is None})


def run(
    *words: Word, env: Mapping[str, str] | None = None, cwd: Path | None = None, given: bytes | None = None
) -> None:
    """Run a program to its end; what it prints is shown only when it fails.

    Raises:
        BuildError: with the program's last words.
    """
    output(*words, env=env, cwd=cwd, given=given)


def output(
    *words: Word, env: Mapping[str, str] | None = None, cwd: Path | None = None, given: bytes | None = None
) -> str:
    """What a program prints on its standard output. Raises BuildError as :func:`run` does."""
    done = subprocess.run(
        [str(word) for word in words],
        env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
        cwd=cwd,
        input=given or b"",
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
        raise BuildError(f"{' '.join(str(word) for word in words)[:300]} ended with {done.returncode}:\n{last}")
    return done.stdout.decode(errors="replace")


@contextmanager
def in_chroot(root: Path) -> Iterator[Path]:
    """A root filesystem with /proc and /dev/null, in which arm64 programs run through the machine's binfmt_misc."""
    mounts: Sequence[tuple[str, Path]] = (("proc", root / "proc"), ("devtmpfs", root / "dev"))
    made = []
    try:
        for kind, place in mounts:
            place.mkdir(exist_ok=True)
            run("mount", "-t", kind, kind, place)
            made.append(place)
        yield root
    finally:
        for place in reversed(made):
            run("umount", place)
