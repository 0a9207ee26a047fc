"""Letting this machine run arm64 programs."""

from __future__ import annotations

from pathlib import Path

from image.build.programs import BuildError, run

_MOUNT = Path("/proc/sys/fs/binfmt_misc")
_RULES = (Path("/usr/lib/binfmt.d/qemu-aarch64.conf"), Path("/usr/lib/binfmt.d/qemu-aarch64-static.conf"))


def ensure_arm64(machine: str) -> None:
    """Mount binfmt_misc and register Debian's rule for arm64 where a fresh machine has neither.

    Raises:
        BuildError: where qemu-user is not installed.
    """
    if machine == "aarch64":
        return
    if not (_MOUNT / "register").exists():
        run("mount", "-t", "binfmt_misc", "binfmt_misc", _MOUNT)
    if any(_MOUNT.glob("qemu-aarch64*")):
        return
    for rule in _RULES:
        if rule.exists():
            (_MOUNT / "register").write_text(rule.read_text().strip())
            return
    raise BuildError("This machine cannot run arm64 programs. Install qemu-user-static, then try again.")
