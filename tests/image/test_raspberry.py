"""The Raspberry Pi's own way to start: its boot loader, its SD card, its serial line. QEMU's Pi 3 has no network."""

from __future__ import annotations

import shutil
from pathlib import Path

from image.build.layout import BOOTFS, MIB
from tests.image.conftest import WORK
from tests.image.machine import NICE, Machine, card, put_on_fat

START_SECONDS = 1500


class Raspberry(Machine):
    """QEMU's Raspberry Pi 3B, with the console on its second serial line."""

    def command(self) -> list[str]:
        packages = self.firmware
        (tree,) = packages.glob("usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb")
        return [
            *("nice", "-n", NICE, "qemu-system-aarch64", "-M", "raspi3b", "-accel", "tcg,thread=multi"),
            *("-display", "none", "-kernel", str(packages / "usr/lib/u-boot/rpi_arm64/u-boot.bin"), "-dtb", str(tree)),
            *("-drive", f"if=sd,file={self.disk},format=raw"),
            *("-serial", "null", "-chardev", f"file,id=console,path={self.console}", "-serial", "chardev:console"),
        ]


def test_a_raspberry_starts_to_the_setup_code(image: Path, packages: Path) -> None:
    folder = WORK / "raspberry"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    disk = card(image, folder / "card.img", "4G")
    # QEMU's Pi starts anew as soon as somebody touches its watchdog.
    put_on_fat(disk, BOOTFS.start * MIB, "hutch-boot.txt", "extra=systemd.watchdog_sec=0\n", folder)
    machine = Raspberry(folder, disk, packages)
    machine.start()
    try:
        machine.wait_for("hutch: slot A (attempt), 2 attempts left", START_SECONDS)
        machine.wait_for("enter the setup code", START_SECONDS)
    finally:
        machine.cut_power()
