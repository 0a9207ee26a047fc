"""A virtual machine with a copy of the image's disk: QEMU's virt, or a Raspberry Pi 3."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.image.qmp import Qmp

CORES = int(os.environ.get("HUTCH_TEST_CORES") or 2)
NICE = os.environ.get("HUTCH_TEST_NICE") or "10"
_WAIT = 0.5
_STATE_SECONDS = 300.0


class MachineError(Exception):
    """The machine did not do what a test waits for; the text has the end of its console."""


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Machine:
    """One virtual machine in a folder of its own, on the disk given (qcow2)."""

    folder: Path
    disk: Path
    firmware: Path
    extra: Sequence[str] = ()
    clock: str = ""
    """What the clock of the board shows at power on (1970-01-01T00:00:00); empty for the right time."""
    watchdog: bool = False
    """Ten seconds without systemd end the machine, and a busy build machine can take them: not every test has one."""
    cores: int = CORES
    port: int = field(default_factory=free_port)
    ssh_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None
    _starts: int = 0

    @property
    def console(self) -> Path:
        """What the serial line said since the last start."""
        return self.folder / f"console-{self._starts}.log"

    @property
    def agent_socket(self) -> Path:
        """The other end of the guest's port ``hutch.test``."""
        return self.folder / "agent.sock"

    @property
    def qmp(self) -> Path:
        """QEMU's own socket."""
        return self.folder / "qmp.sock"

    def start(self, memory: Path | None = None) -> None:
        """Power on; with the memory of a machine that ran on the same disk, go on where that one was stopped."""
        self._starts += 1
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in (self.agent_socket, self.qmp):
            left.unlink(missing_ok=True)
        words = [*self.command(), *(("-incoming", f"file:{memory}") if memory else ())]
        with (self.folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        if memory:
            with Qmp(self.qmp) as qmp:
                qmp.wait_for("query-status", "status", "paused", _STATE_SECONDS)
                qmp.ask("cont")

    def stop_for_later(self, memory: Path) -> None:
        """Stop in the middle of whatever is going on, and keep the memory in a file; the disk fits it from now on."""
        with Qmp(self.qmp) as qmp:
            qmp.ask("stop")
            qmp.ask("migrate", uri=f"file:{memory}")
            qmp.wait_for("query-migrate", "status", "completed", _STATE_SECONDS)
        self.cut_power()

    def cable(self, *, plugged: bool) -> None:
        """Plug the network cable in, or out."""
        with Qmp(self.qmp) as qmp:
            qmp.ask("set_link", name="card", up=plugged)

    def command(self) -> list[str]:
        """The command line of QEMU, at low priority: the build machine has other things to do."""
        forwards = f"hostfwd=tcp:127.0.0.1:{self.port}-:80,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22"
        return [
            *("nice", "-n", NICE, "qemu-system-aarch64", "-M", "virt", "-accel", "tcg,thread=multi"),
            *("-cpu", "max,pauth-impdef=on", "-smp", str(self.cores), "-m", "2048", "-display", "none"),
            *("-bios", str(self.firmware)),
            *(("-rtc", f"base={self.clock}") if self.clock else ()),
            *(("-device", "i6300esb", "-action", "watchdog=reset") if self.watchdog else ()),
            *("-drive", f"if=none,id=disk,file={self.disk},format=qcow2,discard=unmap"),
            *("-device", "virtio-blk-pci,drive=disk", "-device", "virtio-rng-pci"),
            *("-netdev", f"user,id=net,{forwards}", "-device", "virtio-net-pci,netdev=net,id=card,romfile="),
            *("-device", "virtio-serial-pci"),
            *("-chardev", f"socket,id=agent,path={self.agent_socket},server=on,wait=off"),
            *("-device", "virtserialport,chardev=agent,name=hutch.test"),
            *("-chardev", f"file,id=console,path={self.console}", "-serial", "chardev:console"),
            *("-qmp", f"unix:{self.qmp},server=on,wait=off"),
            *self.extra,
        ]

    def cut_power(self) -> None:
        """What was not written is lost, what was is there."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def cut_power_after(self, seconds: float) -> None:
        """Cut the power at a moment that a test has chosen; raises MachineError where QEMU ends before."""
        assert self._process is not None
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.cut_power()
        else:
            self.check_alive()

    def tail(self, lines: int = 40) -> str:
        """The end of the console, for a person who looks for the reason."""
        text = self.console.read_text(errors="replace") if self.console.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def check_alive(self) -> None:
        """Raises MachineError when QEMU itself has ended."""
        if self._process is None or self._process.poll() is not None:
            log = (self.folder / "qemu.log").read_text(errors="replace")[-2000:]
            raise MachineError(f"QEMU is not running.\n{log}")

    def said(self, text: str) -> bool:
        """Whether the console has shown this since the last start."""
        return self.console.exists() and text in self.console.read_text(errors="replace")

    def wait_for(self, text: str, seconds: float) -> float:
        """Wait until the console shows a text; the seconds it took."""
        began = time.monotonic()
        while not self.said(text):
            self.check_alive()
            if time.monotonic() - began > seconds:
                raise MachineError(f"No {text!r} on the console within {seconds} s:\n{self.tail()}")
            time.sleep(_WAIT)
        return time.monotonic() - began


def overlay(base: Path, target: Path) -> Path:
    """A disk that begins as another one is, and keeps its own changes: a snapshot that costs nothing."""
    target.unlink(missing_ok=True)
    kind = json.loads(_output("qemu-img", "info", "--output=json", "-U", str(base)))["format"]
    _output("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base.absolute()), "-F", kind, str(target))
    return target


def card(image: Path, target: Path, size: str) -> Path:
    """A card that the image was just written to, as large as ``size`` (qemu-img's words)."""
    _output("cp", "--sparse=always", str(image), str(target))
    _output("qemu-img", "resize", "-q", "-f", "raw", str(target), size)
    return target


def put_on_fat(disk: Path, offset: int, name: str, content: str | bytes, work: Path) -> None:
    """Write a file onto the first partition of a raw disk, as a person at a computer does."""
    file = work / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    _output("mcopy", "-o", "-i", f"{disk}@@{offset}", str(file), f"::{name}")


def get_from_fat(disk: Path, offset: int, name: str) -> str:
    """Read a file of the first partition of a raw disk."""
    return _output("mtype", "-i", f"{disk}@@{offset}", f"::{name}")


def _output(*words: str) -> str:
    if shutil.which(words[0]) is None:
        raise MachineError(f"{words[0]} is not installed.")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MachineError(f"{' '.join(words)}: {done.stderr[-1000:]}")
    return done.stdout
