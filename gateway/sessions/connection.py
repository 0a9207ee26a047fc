"""The daemon's hold on one tmux server: the control client, and tmux's end of the pane's pipe."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.sessions.control_client import Command, ControlClient
from gateway.sessions.input import InputQueue
from gateway.sessions.modes import ModeTracker
from gateway.sessions.output import OutputPump
from gateway.sessions.ring import Ring
from gateway.sessions.tmux import PANE, TIMEOUT, TmuxFailed, TmuxServer

_LAYOUT = re.compile(rb"%layout-change @0 [0-9a-f]{4},([0-9]{1,5})x([0-9]{1,5}),")
_TITLE = re.compile(rb"%subscription-changed title \S+ \S+ \S+ \S+ : (.*)", re.DOTALL)
_FACTS = "#{pid} #{pane_pid} #{pane_tty} #{pane_width} #{pane_height} #{pane_dead} #{@hutch_generation} #{@hutch_modes}"


@dataclass(frozen=True, slots=True)
class PaneFacts:
    """What tmux says of the pane when the daemon connects."""

    server_pid: int
    pane_pid: int
    tty: str
    cols: int
    rows: int
    dead: bool
    """Whether the program has ended; the pane then shows its last screen."""
    generation: int
    modes: str


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told what happens on a connection; all are called on the loop."""

    on_frames: Callable[[], None]
    on_lost: Callable[[], None]
    on_size: Callable[[int, int], None]
    on_title: Callable[[str], None]


async def facts(server: TmuxServer) -> PaneFacts:
    """Ask a server about its pane.

    Raises:
        TmuxFailed: no server answers.
    """
    words = (await server.run("display-message", "-p", "-t", PANE, _FACTS)).rstrip("\n").split(" ")
    server_pid, pane_pid, tty, cols, rows, dead, generation, modes = words
    return PaneFacts(
        int(server_pid), int(pane_pid), tty, int(cols), int(rows), dead == "1", int(generation or 0), modes
    )


class Connection:
    """Everything that ends when the daemon lets go of a session."""

    def __init__(
        self,
        pane: PaneFacts,
        client: ControlClient,
        pipe: socket.socket,
        pump: OutputPump,
        other: socket.socket | None,
    ) -> None:
        self.pane = pane
        self.client = client
        self.pump = pump
        self.input = InputQueue(pipe, pane.tty)
        self._pipe = pipe
        self._other = other

    @classmethod
    async def open(
        cls, server: TmuxServer, pane: PaneFacts, ring: Ring, modes: ModeTracker, listener: Listener
    ) -> Connection:
        """Connect to a server that lives.

        Raises:
            TmuxFailed: it went away meanwhile, or does not answer.
        """
        client = await ControlClient.connect(server, lambda line: _notice(line, listener), listener.on_lost)
        try:
            await client.run(
                Command(f"refresh-client -C {pane.cols}x{pane.rows}"),
                Command("refresh-client -B 'title:%*:#{pane_title}'"),
            )
            pipe, other = await _pipe_or_none(server)
        except BaseException:
            await client.close()
            raise
        pump = OutputPump(pipe, ring, modes, listener.on_frames, listener.on_lost)
        return cls(pane, client, pipe, pump, other)

    async def close(self) -> None:
        """Let go; the session lives on."""
        self.pump.close()
        await self.input.close()
        self._pipe.close()
        if self._other is not None:
            self._other.close()
        await self.client.close()


async def end_stale_clients(server: TmuxServer) -> None:
    """End the control clients a crashed daemon left behind: with one of them, ``kill-server`` never comes back."""
    clients = await server.run("list-clients", "-F", "#{client_control_mode} #{client_pid}")
    stale = [int(line.split()[1]) for line in clients.splitlines() if line.startswith("1 ")]
    await asyncio.to_thread(_terminate, stale)


def _terminate(pids: list[int]) -> None:
    for pid in pids:
        try:
            watch = os.pidfd_open(pid)
        except OSError:
            continue
        with open(watch, closefd=True), contextlib.suppress(OSError):  # noqa: PTH123 - a descriptor, no path
            signal.pidfd_send_signal(watch, signal.SIGTERM)
            deadline = time.monotonic() + 1
            while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
                time.sleep(0.01)


async def _pipe_or_none(server: TmuxServer) -> tuple[socket.socket, socket.socket | None]:
    """The pane's pipe; a pane whose program has ended has none, and gets one on which nothing comes."""
    try:
        return await _pipe(server), None
    except TmuxFailed:
        if not (await facts(server)).dead:
            raise
    silent, other = socket.socketpair()
    silent.setblocking(False)
    return silent, other


async def _pipe(server: TmuxServer) -> socket.socket:
    path = server.socket.with_suffix(".p")
    listener = await asyncio.to_thread(_listen, path)
    try:
        await server.pipe_to(path)
        return await asyncio.to_thread(_receive, listener)
    finally:
        listener.close()
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        listener.settimeout(TIMEOUT)
        listener.listen(1)
    except OSError:
        listener.close()
        raise
    return listener


def _receive(listener: socket.socket) -> socket.socket:
    try:
        helper, _ = listener.accept()
        with helper:
            helper.settimeout(TIMEOUT)
            _, descriptors, _, _ = socket.recv_fds(helper, 1, 1)
            helper.send(b"\0")
    except OSError as error:
        raise TmuxFailed("tmux did not hand over the pane's pipe") from error
    if not descriptors:
        raise TmuxFailed("tmux did not hand over the pane's pipe")
    pipe = socket.socket(fileno=descriptors[0])
    pipe.setblocking(False)
    return pipe


def _notice(line: bytes, listener: Listener) -> None:
    layout = _LAYOUT.match(line)
    if layout is not None:
        listener.on_size(int(layout.group(1)), int(layout.group(2)))
        return
    title = _TITLE.match(line)
    if title is not None:
        listener.on_title(title.group(1).decode(errors="replace")[:256])
