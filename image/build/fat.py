"""FAT images, written without mounting: the first partition, and the kernel's partition of a slot."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Mapping
from pathlib import Path

from image.build.boot_packages import kernel_release
from image.build.layout import BOOT_A, BOOTFS, MIB, Partition
from image.build.programs import run

_BOARDS = ("bcm2711-rpi-4-b", "bcm2711-rpi-400", "bcm2711-rpi-cm4-io", "bcm2712-rpi-5-b", "bcm2712-d-rpi-5-b")
_OLDER_BOARDS = ("bcm2837-rpi-3-b", "bcm2837-rpi-3-b-plus", "bcm2837-rpi-3-a-plus")
_FIRMWARE = ("bootcode.bin", "start.elf", "start4.elf", "fixup.dat", "fixup4.dat")


def make_fat(target: Path, part: Partition, label: str, files: Mapping[str, Path], epoch: int) -> None:
    """A FAT file system with files in its top folder (or below, where a name has one), all of the same time."""
    stamp = {"SOURCE_DATE_EPOCH": str(epoch), "TZ": "UTC", "MTOOLS_SKIP_CHECK": "1"}
    with target.open("wb") as opened:
        opened.truncate(part.size * MIB)
    run("mkfs.vfat", "--invariant", "-n", label, "-i", f"4855544{part.number}", target, env=stamp)
    for folder in sorted({str(Path(name).parent) for name in files} - {"."}):
        run("mmd", "-i", target, f"::{folder}", env=stamp)
    for name, file in sorted(files.items()):
        run("touch", "-d", f"@{epoch}", file)
        run("mcopy", "-m", "-i", target, file, f"::{name}", env=stamp)


def make_boot_slot(folder: Path, boot: Path, initrd: Path, epoch: int) -> None:
    """``boot.img``: the kernel, packed as the boot loader unpacks it, and its initial file system."""
    kernel = boot / "usr/lib/modules" / kernel_release(boot) / "vmlinuz"
    packed = folder / "kernel.gz"
    with packed.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as opened:
        opened.write(kernel.read_bytes())
    copy = folder / "initrd.img"
    shutil.copy(initrd, copy)
    make_fat(folder / "boot.img", BOOT_A, "HUTCHBOOT", {packed.name: packed, copy.name: copy}, epoch)
    packed.unlink()
    copy.unlink()


def make_boot_script(folder: Path, source: Path, epoch: int) -> None:
    """``boot.scr`` from its text."""
    run(
        *("mkimage", "-q", "-A", "arm64", "-T", "script", "-C", "none", "-n", "Hutch", "-d", source),
        folder / "boot.scr",
        env={"SOURCE_DATE_EPOCH": str(epoch)},
    )


def make_bootfs(folder: Path, boot: Path, config: Path, script: Path, epoch: int) -> None:
    """``bootfs.img``: the boards' firmware and device trees, U-Boot, its script, and a place for settings."""
    make_boot_script(folder, script, epoch)
    firmware, u_boot = boot / "usr/lib/raspi-firmware", boot / "usr/lib/u-boot/rpi_arm64/u-boot.bin"
    trees = next((boot / "usr/lib").glob("linux-image-*"))
    sources = {name: firmware / name for name in _FIRMWARE}
    sources |= {f"{board}.dtb": trees / f"broadcom/{board}.dtb" for board in (*_BOARDS, *_OLDER_BOARDS)}
    sources |= {"u-boot.bin": u_boot, "config.txt": config}
    for name, source in sources.items():
        shutil.copy(source, folder / name)
    (folder / "cmdline.txt").write_text("console=tty1\n")
    names = [*sources, "cmdline.txt", "boot.scr"]
    files = {name: folder / name for name in names}
    make_fat(folder / "bootfs.img", BOOTFS, "bootfs", files, epoch)
    for file in files.values():
        file.unlink()
