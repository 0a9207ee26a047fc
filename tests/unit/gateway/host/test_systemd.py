from __future__ import annotations

import asyncio
import importlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.host import systemd
from gateway.host.systemd import Notifier, Notify, load_notify


def notify_double(status: str, unset_environment: bool = False, pid: int = 0) -> bool:
    """``systemd.daemon.notify`` as its documentation and sd_notify(3) describe it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect("\0" + address[1:] if address.startswith("@") else address)
        sender.send(status.encode())
    return True


# The real module is tried as well on every machine that has it.
LOADERS: dict[str, Callable[[], Notify | None]] = {"double": lambda: notify_double}
if load_notify() is not None:
    LOADERS["python-systemd"] = load_notify


@pytest.fixture(params=list(LOADERS))
def load(request: pytest.FixtureRequest) -> Callable[[], Notify | None]:
    name: str = request.param
    return LOADERS[name]


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        monkeypatch.delenv("WATCHDOG_USEC", raising=False)
        yield listening


def heard(manager: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(manager.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_systemd_hears_how_the_daemon_is(manager: socket.socket, load: Callable[[], Notify | None]) -> None:
    notifier = Notifier(load=load)
    notifier.ready()
    notifier.status("3 sessions")
    notifier.stopping()
    assert heard(manager) == ["READY=1", "STATUS=3 sessions", "STOPPING=1"]


def test_a_start_can_ask_for_more_time(manager: socket.socket, load: Callable[[], Notify | None]) -> None:
    Notifier(load=load).needs(60)
    assert heard(manager) == ["EXTEND_TIMEOUT_USEC=60000000"]


def test_a_status_cannot_bring_in_another_assignment(manager: socket.socket, load: Callable[[], Notify | None]) -> None:
    Notifier(load=load).status("fine\nMAINPID=1\n" + "x" * 9_000)
    (message,) = heard(manager)
    assert "\n" not in message
    assert len(message) <= 7 + 500


async def test_the_watchdog_is_patted_while_the_daemon_is_well(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, load: Callable[[], Notify | None]
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    answers = iter([True, False, False, True])
    asked_all = asyncio.Event()

    def healthy() -> bool:
        answer = next(answers, None)
        if answer is None:
            asked_all.set()
        return bool(answer)

    patting = asyncio.create_task(Notifier(healthy, load=load).watchdog())
    await asyncio.wait_for(asked_all.wait(), 20)
    patting.cancel()
    await asyncio.gather(patting, return_exceptions=True)
    assert heard(manager) == ["WATCHDOG=1", "WATCHDOG=1"]


@pytest.mark.parametrize(
    "environment",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "garbage"}, {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}],
    ids=["none", "off", "garbage", "another process's"],
)
async def test_without_a_watchdog_there_is_nothing_to_pat(
    manager: socket.socket, environment: dict[str, str], load: Callable[[], Notify | None]
) -> None:
    await Notifier(environment={**os.environ, **environment}, load=load).watchdog()
    assert heard(manager) == []


async def test_without_systemd_it_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    asked = []
    notifier = Notifier(environment={"WATCHDOG_USEC": "1"}, load=lambda: asked.append(1))
    notifier.ready()
    await notifier.watchdog()
    assert asked == []


async def test_without_the_module_it_is_silent(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    assert systemd.load_notify() is None
    notifier = Notifier()
    notifier.ready()
    await notifier.watchdog()
    assert heard(manager) == []


def test_a_socket_that_is_gone_is_no_reason_to_fail(manager: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "notify").unlink()
    for load in LOADERS.values():
        Notifier(load=load).ready()
    assert heard(manager) == []
