"""A snapshot written into a fresh terminal shows the same screen; the fresh terminal is another tmux."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.sessions.manager import Sessions
from gateway.sessions.types import Snapshot
from tests.integration.sessions.conftest import Place, start
from tests.integration.sessions.reading import until

PAINT = "import sys\nsys.stdout.buffer.write(%r)\nsys.stdout.flush()\nsys.stdin.readline()\n"
STATE = (
    "#{cursor_x} #{cursor_y} #{cursor_flag} #{alternate_on} #{keypad_cursor_flag} #{keypad_flag} #{mouse_any_flag}"
    " #{mouse_sgr_flag} #{insert_flag} #{wrap_flag} #{origin_flag} #{scroll_region_upper} #{scroll_region_lower}"
)
PICTURES = {
    "colours over several rows": b"\x1b[1;31mred\r\nstill \x1b[44mred on blue   \r\n\x1b[0mplain END",
    "scrolled with a background": b"".join(b"\x1b[4%dm line %d \r\n" % (n % 8, n) for n in range(60)) + b"END",
    "alternate screen": b"below\r\nshell$ \x1b[?1049h\x1b[2J\x1b[5;5H\x1b[7mEND\x1b[0m\x1b[?25l",
    "modes": b"\x1b[?1h\x1b=\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[4;20r\x1b[?6h\x1b[3;3HEND",
    "no wrapping": b"\x1b[?7lEND",
    "cursor waiting to wrap": b"x" * 77 + b"END",
    "cursor waiting behind blanks": b"END" + b" " * 77,
    "erased with a background": b"\x1b[44mblue\x1b[K\r\n\x1b[0;7mreverse\x1b[K\r\n\x1b[0;32mgreen\x1b[0m\r\nEND",
    "wide characters": "漢字🐇 é END".encode(),
    "line drawing": b"\x1b(0lqqk\x1b(B END",
    "a line that looks like tmux": b"%end 1 1 1\r\n%error 1 1 1\r\n%begin 1 1 1\r\n%exit\r\nEND",
}


@pytest.fixture
def other(place: Place) -> Iterator[Path]:
    socket = place.config.workspace_root.parent / "other"
    yield socket
    subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)


def _tmux(socket: Path, *words: str) -> str:
    return subprocess.run(["tmux", "-u", "-S", str(socket), *words], check=True, capture_output=True, text=True).stdout


def _shown_elsewhere(socket: Path, snapshot: Snapshot, conf: Path) -> Path:
    replay = socket.with_suffix(".replay")
    replay.write_text(snapshot.replay(), newline="")
    program = (
        f"stty raw -echo; cat {shlex.quote(str(replay))}; tmux -S {shlex.quote(str(socket))} wait-for -S shown; read x"
    )
    size = ["-x", str(snapshot.cols), "-y", str(snapshot.rows)]
    _tmux(socket, "-f", str(conf), "new-session", "-d", *size, "sh", "-c", program)
    _tmux(socket, "wait-for", "shown")
    return socket


def _picture(socket: Path) -> tuple[str, str]:
    return _tmux(socket, "capture-pane", "-p", "-e", "-t", "%0"), _tmux(
        socket, "display-message", "-p", "-t", "%0", STATE
    )


@pytest.mark.parametrize("name", PICTURES)
async def test_replay(sessions: Sessions, place: Place, other: Path, name: str) -> None:
    info = await start(sessions, place, place.script("painter", PAINT % PICTURES[name]))
    async with sessions.attach(info.id, name="ann") as viewer:
        await until(viewer, "END")
    snapshot = await sessions.snapshot(info.id, 100)
    conf = place.config.socket_dir / "tmux.conf"
    shown = await asyncio.to_thread(_shown_elsewhere, other, snapshot, conf)
    want = await asyncio.to_thread(_picture, sessions.socket(info.id))
    got = await asyncio.to_thread(_picture, shown)
    if name == "line drawing":  # the same signs by another name
        want = (want[0].replace("\x0elqqk\x0f", "┌──┐"), want[1])
    assert got == want


async def test_scrollback_on_request(sessions: Sessions, place: Place) -> None:
    info = await start(
        sessions, place, place.script("painter", PAINT % (b"".join(b"%d\r\n" % n for n in range(200)) + b"END"))
    )
    async with sessions.attach(info.id, name="ann", scrollback=50) as viewer:
        await until(viewer, "END")
    snapshot = await sessions.snapshot(info.id, 50)
    assert snapshot.scrollback == 50
    assert snapshot.content.split("\r\n")[0] == "127"
    assert (await sessions.snapshot(info.id, 10**9)).content.split("\r\n")[:201] == [*map(str, range(200)), "END"]


async def test_an_unfinished_sequence_goes_to_the_viewer_with_what_follows(sessions: Sessions, place: Place) -> None:
    source = (
        "import os,sys,tty\ntty.setraw(0)\nos.write(1, b'start \\x1b[3')\nos.read(0,1)\n"
        "os.write(1, b'1mred\\x1b[0m \\xe2\\x82')\n"
        "os.read(0,1)\nos.write(1, b'\\xac euro')\nos.read(0,1)\n"
    )
    info = await start(sessions, place, place.script("cut", source))
    async with sessions.attach(info.id, name="ann") as first:
        await until(first, "start ")
        async with sessions.attach(info.id, name="bob") as second:
            await anext(second)
            await sessions.input(info.id, b"x")
            await until(second, "\x1b[31mred")
            await until(first, "1mred")
        async with sessions.attach(info.id, name="bob") as second:
            await anext(second)
            await sessions.input(info.id, b"x")
            await until(second, "€ euro")
