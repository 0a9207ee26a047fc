"""A machine to install on: this one, in a tree of its own above which everything that is written lies in memory.

The tree has the programs and accounts of the machine that the tests run on, its own processes, and a systemctl of ours
(:mod:`tests.integration.releases.fake_systemd`). What is done to it is gone with it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_SYSTEMCTL = Path(__file__).with_name("fake_systemd.py")
_INIT = """
set -e
mount --make-rprivate /
mount -t tmpfs -o size=4g,mode=755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p run/systemd/system
exec chroot . /bin/sh -c 'trap "exit 0" TERM; echo ready; while :; do sleep 1000 & wait; done'
"""


def why_not() -> str | None:
    """Why there can be no such machine here; None where there can."""
    if os.getuid() != 0:
        return "only root can install into a tree of its own"
    probe = ["unshare", "--mount", "--pid", "--fork", "sh", "-ec", _PROBE]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"this machine allows no tree of its own: {done.stderr.strip()[-200:]}"


_PROBE = """
t=$(mktemp -d); trap 'umount "$t/m" "$t"; rmdir "$t"' EXIT
mount -t tmpfs tmpfs "$t"; mkdir "$t/u" "$t/w" "$t/m"
mount -t overlay overlay -o "lowerdir=/,upperdir=$t/u,workdir=$t/w" "$t/m"
"""


class Machine:
    """Runs commands as root in the tree."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._pid = psutil.Process(process.pid).children()[0].pid
        self._folder = folder
        # Before its chroot the process still stands in the real tree, where nothing may be written.
        assert self.root.stat().st_dev != Path("/").stat().st_dev, "the machine has no tree of its own"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    @property
    def root(self) -> Path:
        """The tree, as seen from outside."""
        return Path(f"/proc/{self._pid}/root")

    def run(self, *words: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the tree."""
        enter = ["nsenter", f"--target={self._pid}", "--mount", "--pid", "--root", "--wd"]
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        done = subprocess.run(
            [*enter, "env", "-i", f"PATH={path}", "HOME=/root", *(f"{k}={v}" for k, v in environment.items()), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        if check and done.returncode:
            raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}\n{self.log()}")
        return done

    def log(self) -> str:
        """What the services said."""
        path = self.root / "run/fake-systemd/hutch.service.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def copy(self, path: Path, to: str) -> None:
        """Bring a file into the tree."""
        target = self.root / to.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)

    def prepare(self) -> None:
        """Put our own programs where the system's are found."""
        for name, text in _PROGRAMS.items():
            path = self.root / "usr/local/sbin" / name
            path.write_text(text)
            path.chmod(0o755)
        self.copy(_SYSTEMCTL, "/usr/local/lib/fake_systemd.py")

    def everything(self) -> set[str]:
        """Every path in the tree that bears our name, where an installation writes."""
        found = set()
        for top in _WRITTEN:
            found |= {str(path.relative_to(self.root)) for path in (self.root / top).glob("**/*hutch*")}
        return found


_WRITTEN = (
    "etc",
    "opt",
    "usr/local",
    "usr/lib/sysusers.d",
    "usr/lib/tmpfiles.d",
    "usr/lib/sysctl.d",
    "var/lib",
    "home",
)
_PROGRAMS = {
    "systemctl": '#!/bin/sh\nexec /usr/bin/python3 /usr/local/lib/fake_systemd.py "$@"\n',
    # Nothing is taken from the network: that Debian's packages are asked for is all that is looked at.
    "apt-get": '#!/bin/sh\nmkdir -p /run/fake-apt && echo "$@" >>/run/fake-apt/calls\n',
}


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """A new machine; all of its processes end with it."""
    folder.mkdir(parents=True)
    process = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _INIT, "init", str(folder)],
        stdout=subprocess.PIPE,
        stderr=sys.stderr,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        made = Machine(process, folder)
        made.prepare()
        yield made
    finally:
        process.kill()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
