"""The initial file system: a static busybox, the modules that lead to the slot, and one script."""

from __future__ import annotations

import lzma
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from image.build.boot_packages import kernel_release
from image.build.lists import entries
from image.build.programs import output, run

_APPLETS = (
    *("sh", "mount", "mkdir", "modprobe", "find", "cat", "sort", "xargs", "grep", "head", "sleep", "chroot"),
    *("switch_root", "echo", "printf", "kill"),
)


def make_initramfs(folder: Path, boot: Path, sources: Path) -> None:
    """Write ``initrd.img`` (cpio, zstd) from the unpacked boot packages and the recipe's ``initramfs`` folder."""
    root = folder / "root"
    for name in ("bin", "sbin", "etc", "dev", "proc", "sys", "run", "root"):
        (root / name).mkdir(parents=True)
    busybox = next(place for place in (boot / "usr/bin/busybox", boot / "bin/busybox") if place.exists())
    shutil.copy(busybox, root / "bin/busybox")
    for applet in _APPLETS:
        (root / "bin" / applet).symlink_to("busybox")
    (root / "sbin/modprobe").symlink_to("/bin/busybox")
    shutil.copy(sources / "init", root / "init")
    wanted = entries(sources / "modules.list")
    (root / "etc/modules.list").write_text("\n".join(wanted) + "\n")
    _copy_modules(boot, root, wanted)
    pack(root, folder / "initrd.img")
    shutil.rmtree(root)


def _copy_modules(boot: Path, root: Path, wanted: Iterable[str]) -> None:
    release = kernel_release(boot)
    place = Path("usr/lib/modules") / release
    needs = parse_needs((boot / place / "modules.dep").read_text())
    target = root / "lib/modules" / release
    for file in closure(needs, wanted):
        unpacked = target / re.sub(r"\.xz$", "", file)
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        content = (boot / place / file).read_bytes()
        unpacked.write_bytes(lzma.decompress(content) if file.endswith(".xz") else content)
    for name in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
        shutil.copy(boot / place / name, target / name)
    run("depmod", "-b", root, release)
    for binary in target.glob("modules.*.bin"):
        binary.unlink()
    (target / "modules.builtin.modinfo").unlink()


def parse_needs(text: str) -> dict[str, list[str]]:
    """``modules.dep``: each module's file and the files it needs."""
    lines = (line.partition(":") for line in text.splitlines())
    return {file: needs.split() for file, _, needs in lines}


def module_name(file: str) -> str:
    """A module's name as the kernel has it, from its file."""
    return re.sub(r"\.ko(\.\w+)?$", "", Path(file).name).replace("-", "_")


def closure(needs: Mapping[str, list[str]], wanted: Iterable[str]) -> list[str]:
    """The files of the wanted modules and of all they need; one that is built in or not there is left out."""
    files = {module_name(file): file for file in needs}
    found: set[str] = set()
    for name in wanted:
        file = files.get(name.replace("-", "_"))
        if file is not None:
            found |= {file, *needs[file]}
    return sorted(found)


def pack(root: Path, target: Path) -> None:
    """Pack a folder as the kernel reads it, the same bytes for the same files."""
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    for name in names:
        output("touch", "-h", "-d", "@0", root / name)
    archive = target.with_suffix(".cpio")
    run(
        *("sh", "-c", 'cpio --quiet -o -H newc --reproducible -R 0:0 >"$0"', archive),
        cwd=root,
        given="\n".join(names).encode(),
    )
    run("zstd", "-q", "-19", "-f", archive, "-o", target)
    archive.unlink()
