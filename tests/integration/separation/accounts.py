"""Two accounts beside root's: the daemon's and the agents', with the folders between them as packaging/ makes them."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[3]
DAEMON = 64_001
"""Nobody has this account."""
AGENTS = pwd.getpwnam("games")
"""An account of every Debian that nothing runs in."""
LOCK = Path(tempfile.gettempdir()) / "hutch-two-accounts.lock"
"""Held by whoever uses the two accounts: tests run beside each other."""
NOBODYS = 1_000_000
"""From here on no account has a name; each process that runs tests takes one of its own."""
GROUP = 64_100
"""The group that both belong to; it owns the folder between them, and nothing of the daemon's."""


def why_not() -> str | None:
    """Why these tests cannot run here; None where they can."""
    if os.getuid() != 0:
        return "only root can start programs in two other accounts"
    if python() is None:
        return f"another account may not read {ROOT} and the packages it needs"
    return None


@cache
def python() -> str | None:
    """An interpreter that other accounts may run: ours, or the system's of the same version with our packages."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/python{version}"):
        # Through a shell: setpriv itself still may read everything.
        words = ["sh", "-c", 'exec "$0" -c "import appliance.bootstrap, pytest"', candidate]
        done = subprocess.run(
            [*as_account(NOBODYS + os.getpid()), *words],
            cwd="/",
            env=environment(Path("/")),
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return candidate
    return None


def as_daemon() -> list[str]:
    """What is put before a command of the daemon's account."""
    return as_account(DAEMON)


def as_agents() -> list[str]:
    """What is put before a command of the agents' account."""
    return as_account(AGENTS.pw_uid)


def as_account(uid: int) -> list[str]:
    """What is put before a command of any account."""
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", f"--groups={GROUP}", "--no-new-privs"]


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A small environment for a program of either account."""
    path = os.environ.get("PATH", os.defpath)
    return {
        "PATH": path,
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *site.getsitepackages()]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        **(more or {}),
    }


@dataclass
class Accounts:
    """The folders: ``data`` is the daemon's alone, ``shared`` lies between them, ``home`` belongs to agents."""

    base: Path

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def shared(self) -> Path:
        return self.base / "shared"

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def work(self) -> Path:
        return self.home / "work"

    @property
    def broker_socket(self) -> Path:
        return self.shared / "broker.sock"

    def broker(self) -> subprocess.Popen[bytes]:
        """Start the broker."""
        command = [sys.executable, "-m", "appliance.cli.entry", "broker", "--socket", str(self.broker_socket)]
        return subprocess.Popen([*as_agents(), *command, "--daemon", str(DAEMON)], env=environment(self.home), cwd=ROOT)


@contextmanager
def two_accounts() -> Iterator[Accounts]:
    """Make the folders; on the way out end whatever runs in either account, and remove them."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield from _made()


def _made() -> Iterator[Accounts]:
    base = Path(tempfile.mkdtemp(prefix="hutch-2-"))
    base.chmod(0o755)
    accounts = Accounts(base)
    _folder(accounts.data, DAEMON, 0o700)
    _folder(accounts.shared, AGENTS.pw_uid, 0o2770)
    _folder(accounts.home, AGENTS.pw_uid, 0o755)
    try:
        yield accounts
    finally:
        end_everything(DAEMON, AGENTS.pw_uid)
        shutil.rmtree(base)


def _folder(path: Path, uid: int, mode: int) -> None:
    path.mkdir()
    os.chown(path, uid, GROUP if mode & 0o2000 else uid)
    path.chmod(mode)


def processes_of(*uids: int) -> list[psutil.Process]:
    """Every process of these accounts."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().real in uids and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end_everything(*uids: int) -> None:
    """End all that runs in these accounts, which are ours alone."""
    while left := processes_of(*uids):
        for process in left:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(left, 5)
