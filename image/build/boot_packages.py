"""Packages that are unpacked, not installed: the kernel, the boot loader and the boards' firmware."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from image.build.debian import Apt
from image.build.programs import BuildError, output, run
from image.build.sources import RELEASE

_EXACTLY = re.compile(r"([a-z0-9][a-z0-9+.-]+)(?::any)? \(= ([^)]+)\)")


def make_boot_packages(folder: Path, sources: str, wanted: Sequence[str], unwanted: Sequence[str]) -> None:
    """Fetch the packages and what they need in exactly one version; unpack them into ``tree``, list them in ``debs``.

    ``unwanted`` modules are left out, named below the kernel's folder.
    """
    apt = Apt(folder / "apt", sources)
    apt.update()
    debs, tree = folder / "debs", folder / "tree"
    debs.mkdir()
    tree.mkdir()
    waiting = [with_suite(one) for one in wanted]
    seen: set[str] = set()
    while waiting:
        package = waiting.pop()
        name = re.split("[=/]", package)[0]
        if name in seen:
            continue
        seen.add(name)
        deb = apt.download(debs, package)
        run("dpkg-deb", "-x", deb, tree)
        waiting += exact_needs(output("dpkg-deb", "-f", deb, "Depends"))
        deb.with_suffix(".control").write_text(output("dpkg-deb", "-f", deb))
        deb.unlink()
    apt.remove()
    release = kernel_release(tree)
    for name in unwanted:
        run("rm", "-rf", tree / "usr/lib/modules" / release / "kernel" / name)
    run("depmod", "-b", tree / "usr", release)


def with_suite(entry: str) -> str:
    """An entry of the list as apt takes it: ``NAME/backports`` becomes ``NAME/RELEASE-backports``."""
    name, _, suite = entry.partition("/")
    return f"{name}/{RELEASE}-{suite}" if suite else name


def exact_needs(depends: str) -> list[str]:
    """The packages needed in exactly one version: the parts that one source was split into."""
    return [f"{name}={version}" for name, version in _EXACTLY.findall(depends)]


def kernel_release(tree: Path) -> str:
    """The release of the one kernel among the packages, such as ``7.2.12+deb13-arm64``."""
    found = [one.parent.name for one in (tree / "usr/lib/modules").glob("*/vmlinuz")]
    if len(found) != 1:
        raise BuildError(f"The boot packages must bring one kernel; found: {', '.join(found) or 'none'}.")
    return found[0]
