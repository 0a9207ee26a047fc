"""The daemon's hold on one tmux server: the control client, and tmux's end of the pane's pipe."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from signal import SIGTERM

from gateway.programs.processes import wait
from gateway.sessions.control_client import Command, ControlClient
from gateway.sessions.input import InputQueue
from gateway.sessions.modes import ModeTracker
from gateway.sessions.output import OutputPump
from gateway.sessions.pane_pipe import pane_pipe
from gateway.sessions.ring import Ring
from gateway.sessions.tmux import PANE, TmuxFailed, TmuxServer
from gateway.sessions.types import is_size

_LAYOUT = re.compile(rb"%layout-change @0 [0-9a-f]{4},([0-9]{1,5})x([0-9]{1,5}),")
_CONTROL_CLIENT = re.compile(r"^1 ([0-9]{1,9})$", re.MULTILINE)
_TITLE = re.compile(rb"%subscription-changed title \S+ \S+ \S+ \S+ : (.*)", re.DOTALL)
_FACTS_ANSWER = re.compile(
    r"(?P<server>[0-9]{1,9}) (?P<pane>[0-9]{1,9}) (?P<tty>\S+) (?P<cols>[0-9]{1,5}) (?P<rows>[0-9]{1,5}) "
    r"(?P<dead>[01]) (?P<generation>[0-9]{0,9}) (?P<modes>\S*)\Z",
    re.ASCII,
)
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
        TmuxFailed: no server answers, or not as tmux does.
    """
    found = _FACTS_ANSWER.match((await server.run("display-message", "-p", "-t", PANE, _FACTS)).rstrip("\n"))
    if found is None or not is_size(int(found["cols"]), int(found["rows"])):
        raise TmuxFailed("tmux answers what it should not")
    return PaneFacts(
        server_pid=int(found["server"]),
        pane_pid=int(found["pane"]),
        tty=found["tty"],
        cols=int(found["cols"]),
        rows=int(found["rows"]),
        dead=found["dead"] == "1",
        generation=int(found["generation"] or 0),
        modes=found["modes"],
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
        *,
        unread: Callable[[], int],
    ) -> None:
        self.pane = pane
        self.client = client
        self.pump = pump
        self.input = InputQueue(pipe, unread)
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
        return cls(pane, client, pipe, pump, other, unread=lambda: server.account.chores.unread(pane.tty))

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
    stale = [int(pid) for pid in _CONTROL_CLIENT.findall(clients)]
    await server.account.signal(stale, SIGTERM)
    await asyncio.to_thread(wait, stale, 1)


async def _pipe_or_none(server: TmuxServer) -> tuple[socket.socket, socket.socket | None]:
    """The pane's pipe; a pane whose program has ended has none, and gets one on which nothing comes."""
    try:
        return await pane_pipe(server), None
    except TmuxFailed:
        if not (await facts(server)).dead:
            raise
    silent, other = socket.socketpair()
    silent.setblocking(False)
    return silent, other


def _notice(line: bytes, listener: Listener) -> None:
    layout = _LAYOUT.match(line)
    if layout is not None:
        cols, rows = int(layout.group(1)), int(layout.group(2))
        if is_size(cols, rows):
            listener.on_size(cols, rows)
        return
    title = _TITLE.match(line)
    if title is not None:
        listener.on_title(title.group(1).decode(errors="replace")[:256])
