"""What systemctl and systemd do for these tests, in a tree where systemd does not run: they read units, start programs.

Copied into the tree as ``systemctl``. Of units it knows what ours say about starting and ending programs; the sandboxes
are systemd's business, and are not tried here.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

UNITS = Path("/etc/systemd/system")
STATE = Path("/run/fake-systemd")
PAUSE = 0.2
STOP_SECONDS = 15.0


def main(words: list[str]) -> int:
    """One call of systemctl."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "calls").open("a") as log:
        log.write(" ".join(words) + "\n")
    if words[0] == "supervise":
        Supervisor(words[1]).run()
    verb, *rest = [word for word in words if not word.startswith("--")] or [""]
    units = [unit for unit in rest if unit.endswith(".service")]
    if verb == "is-active":
        return 0 if all(running(unit) for unit in units) else 3
    if verb in ("restart", "stop", "try-restart") or (verb == "disable" and "--now" in words):
        was = {unit for unit in units if running(unit)}
        for unit in units:
            stop(unit)
        units = [unit for unit in units if verb == "restart" or (verb == "try-restart" and unit in was)]
    if verb in ("start", "restart", "try-restart") or (verb == "enable" and "--now" in words):
        for unit in units:
            start(unit)
    return 0


def running(unit: str) -> int:
    """The supervisor's process id, or 0."""
    try:
        pid = int((STATE / unit).read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return 0
    return pid


def start(unit: str) -> None:
    if running(unit) or not (UNITS / unit).exists():
        return
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.execv(sys.executable, [sys.executable, __file__, "supervise", unit])  # noqa: S606 - no shell is wanted
    (STATE / unit).write_text(str(pid))


def stop(unit: str) -> None:
    pid = running(unit)
    if pid:
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS + 5
        while running(unit) and time.monotonic() < until:
            time.sleep(0.05)
        with suppress(FileNotFoundError):
            (STATE / unit).unlink()


def read(unit: str) -> dict[str, list[str]]:
    """The settings of a unit with its drop-ins; an empty value forgets those before it."""
    found: dict[str, list[str]] = {}
    for path in [UNITS / unit, *sorted((UNITS / f"{unit}.d").glob("*.conf"))]:
        for line in path.read_text().splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                found[name] = [*found.get(name, []), value] if value else []
    return found


class Supervisor:
    """Restart=always."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._settings = read(unit)
        self._child = 0
        self._ending = False
        self._listener = self._listen()
        signal.signal(signal.SIGTERM, self._end)

    def run(self) -> None:
        """Until told to end."""
        log = os.open(STATE / f"{self._unit}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        while not self._ending:
            self._child = os.fork()
            if self._child == 0:
                self._become()
            os.waitpid(self._child, 0)
            self._sweep(signal.SIGKILL)
            time.sleep(PAUSE)
        sys.exit(0)

    def _end(self, *_: object) -> None:
        self._ending = True
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGTERM)

    def _sweep(self, number: signal.Signals) -> None:
        if self._settings.get("KillMode") != ["process"]:
            with suppress(ProcessLookupError):
                os.killpg(self._child, number)

    def _become(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        get = self._settings.get
        user = pwd.getpwnam(get("User", ["root"])[-1])
        groups = [grp.getgrnam(name).gr_gid for line in get("SupplementaryGroups", []) for name in line.split()]
        for name in get("StateDirectory", []):
            folder = Path("/var/lib") / name
            folder.mkdir(exist_ok=True, mode=0o700)
            os.chown(folder, user.pw_uid, user.pw_gid)
        environment = self._environment(user)
        if self._listener is not None:
            os.dup2(self._listener.fileno(), 3)
            os.set_inheritable(3, True)
            environment |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
        os.setgroups([user.pw_gid, *groups])
        os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
        os.umask(int(get("UMask", ["022"])[-1], 8))
        os.chdir(user.pw_dir if get("WorkingDirectory") == ["~"] else "/")
        command = shlex.split(get("ExecStart")[-1])  # type: ignore[index]
        os.execve(command[0], command, environment)  # noqa: S606 - no shell is wanted

    def _environment(self, user: pwd.struct_passwd) -> dict[str, str]:
        found = {"PATH": os.environ["PATH"], "HOME": user.pw_dir, "USER": user.pw_name, "LANG": "C.UTF-8"}
        for line in self._settings.get("Environment", []):
            found |= dict([line.split("=", 1)])
        for name in self._settings.get("EnvironmentFile", []):
            path = Path(name.lstrip("-"))
            for line in path.read_text().splitlines() if path.exists() else ():
                found |= dict([line.split("=", 1)])
        for name in self._settings.get("UnsetEnvironment", []):
            found.pop(name, None)
        return found

    def _listen(self) -> socket.socket | None:
        path = UNITS / self._unit.replace(".service", ".socket")
        if not path.exists():
            return None
        settings = read(path.name)
        address = Path(settings["ListenStream"][-1])
        address.parent.mkdir(parents=True, exist_ok=True)
        address.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(address))
        listener.listen()
        os.chown(address, pwd.getpwnam(settings["SocketUser"][-1]).pw_uid, -1)
        address.chmod(int(settings["SocketMode"][-1], 8))
        return listener


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
