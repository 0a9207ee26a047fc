"""A network of two machines on one: a network namespace behind a wire that is as long, slow and broken as a test says.

The wire is made of two TUN devices (https://docs.kernel.org/networking/tuntap.html), one here and one in the namespace,
with the test between them: it carries every packet. That needs root, ``ip`` and /dev/net/tun, and no queueing
discipline of the kernel (few kernels of virtual machines have netem). Nothing is left behind when the test is killed.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
import struct
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

_TUN: Final = Path("/dev/net/tun")
_TUNSETIFF: Final = 0x400454CA
_FLAGS: Final = 0x0001 | 0x1000
"""IFF_TUN | IFF_NO_PI: bare IP packets."""
_MAX_PACKET: Final = 65536


@dataclass
class Weather:
    """How the wire is; each direction alike, and changed at any time."""

    bytes_per_second: float | None = None
    delay: float = 0.0
    """Seconds from one end to the other, beside what the rate costs."""
    queue_seconds: float = 0.3
    """How long packets may wait for their turn at the rate, before some are lost."""
    cut: bool = False
    """Every packet is lost, and nobody is told."""


class _Direction:
    def __init__(self, source: int, sink: int, weather: Weather) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._sink = sink
        self._weather = weather
        self._free_at = 0.0
        self._loop.add_reader(source, self._came)

    def close(self) -> None:
        self._loop.remove_reader(self._source)

    def _came(self) -> None:
        packet = os.read(self._source, _MAX_PACKET)
        now, rate = self._loop.time(), self._weather.bytes_per_second
        at = max(now, self._free_at)
        if self._weather.cut or at - now > self._weather.queue_seconds:
            return
        self._free_at = at if rate is None else at + len(packet) / rate
        self._loop.call_at(self._free_at + self._weather.delay, self._arrive, packet)

    def _arrive(self, packet: bytes) -> None:
        if not self._weather.cut:
            # The other end may be gone: a wire does not mind.
            with suppress(OSError):
                os.write(self._sink, packet)


@dataclass(frozen=True)
class Wire:
    """A namespace and the way to it."""

    here: str
    """This machine's address on the wire."""
    there: str
    inside: Sequence[str]
    """Words before a command line that run it at the other end."""
    weather: Weather


@asynccontextmanager
async def wire() -> AsyncIterator[Wire]:
    """A namespace at the end of a perfect wire. Skips the test where none may be made."""
    _need_permission()
    number, name = secrets.randbelow(2**14), secrets.token_hex(3)
    network = f"10.{64 + number // 256}.{number % 256}"
    # Its namespace lives as long as this process, and this process until the test's end of the pipe is closed.
    holder = await asyncio.to_thread(_hold_namespace)
    assert holder.stdin is not None
    assert holder.stdout is not None
    near = far = -1
    directions: list[_Direction] = []
    try:
        await asyncio.to_thread(holder.stdout.readline)
        inside = ("nsenter", f"--net=/proc/{holder.pid}/ns/net", "--")
        near, far = _tun(f"hutch{name}a"), _tun(f"hutch{name}b")
        _ip("link", "set", f"hutch{name}b", "netns", str(holder.pid))
        _ip("address", "add", f"{network}.1/30", "dev", f"hutch{name}a")
        _ip("link", "set", f"hutch{name}a", "up")
        _ip("link", "set", "lo", "up", inside=inside)
        _ip("address", "add", f"{network}.2/30", "dev", f"hutch{name}b", inside=inside)
        _ip("link", "set", f"hutch{name}b", "up", inside=inside)
        weather = Weather()
        directions = [_Direction(near, far, weather), _Direction(far, near, weather)]
        yield Wire(f"{network}.1", f"{network}.2", inside, weather)
    finally:
        for direction in directions:
            direction.close()
        for descriptor in (near, far):
            if descriptor >= 0:
                os.close(descriptor)
        holder.stdin.close()
        await asyncio.to_thread(holder.wait)
        holder.stdout.close()


def _hold_namespace() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _need_permission() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may make a network namespace with a wire to it")
    missing = [name for name in ("ip", "unshare", "nsenter") if shutil.which(name) is None]
    if missing or not _TUN.exists():
        pytest.skip(f"a wire needs {', '.join(missing) or _TUN}")


def _tun(name: str) -> int:
    descriptor = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _FLAGS))
    except OSError as error:
        os.close(descriptor)
        pytest.skip(f"no network device may be made here: {error.strerror}")
    return descriptor


def _ip(*words: str, inside: Sequence[str] = ()) -> None:
    subprocess.run([*inside, "ip", *words], check=True)
