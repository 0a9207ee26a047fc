from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import termios

from gateway.sessions.manager import Sessions
from gateway.sessions.types import MAX_FRAME_PAYLOAD, MAX_PIECE, Output, Resized, SessionStatus, Snapshot, ViewerItem
from gateway.sessions.viewer import Viewer
from gateway.sessions.window import FIRST
from tests.integration.sessions.conftest import Place, start
from tests.integration.sessions.reading import Seen, first_screen, until

LINES = 300_000
FLOOD = "import sys\nsys.stdin.readline()\nfor n in range(1, %d):\n print(n)\nprint('DONE')\nsys.stdin.readline()\n"


async def test_two_viewers_see_the_same(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place, place.program("cat", "cat"))
    async with sessions.attach(info.id, name="ann") as one, sessions.attach(info.id, name="bob") as two:
        for viewer in (one, two):
            assert isinstance(await anext(viewer), Snapshot)
        await sessions.input(info.id, b"hello\r")
        first, second = await until(one, "hello\r\nhello"), await until(two, "hello\r\nhello")
        assert first.text == second.text
        assert sessions.get(info.id).viewers == 2
    assert sessions.get(info.id).viewers == 0


async def test_a_fast_viewer_gets_all_of_a_flood_and_a_stuck_one_the_last_screen(
    sessions: Sessions, place: Place
) -> None:
    info = await start(sessions, place, place.script("flood", FLOOD % LINES))
    async with sessions.attach(info.id, name="fast") as fast, sessions.attach(info.id, name="stuck") as stuck:
        seen = Seen()
        seen.take(await anext(fast))
        late = Seen()
        late.take(await anext(stuck))
        await sessions.input(info.id, b"\r")
        payloads: list[bytes] = []
        while b"DONE" not in b"".join(payloads[-2:]):
            item = await anext(fast)
            assert isinstance(item, Output)
            assert len(item.payload) <= MAX_FRAME_PAYLOAD
            payloads.append(item.payload)
            seen.frames.append(item.seq)
        numbers = re.findall(rb"(?m)^(\d+)\r$", b"".join(payloads))
        assert [int(number) for number in numbers] == list(range(1, LINES))
        assert seen.frames == list(range(seen.frames[0], seen.frames[0] + len(seen.frames)))
        await until(stuck, "DONE", late)
        assert sum(map(len, payloads)) > 2_000_000


async def test_a_viewer_far_behind_gets_a_snapshot_in_place_of_frames(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place, place.script("flood", FLOOD % 1_000_000))
    async with sessions.attach(info.id, name="fast") as fast, sessions.attach(info.id, name="slow") as slow:
        late = Seen()
        late.take(await anext(slow))
        await sessions.input(info.id, b"\r")
        await _read_to(fast, b"DONE")
        await until(slow, "DONE", late)
        assert len(late.snapshots) == 2
        assert late.snapshots[-1].content.rstrip().endswith("999999\r\nDONE")


async def test_unacknowledged_output_is_held_back(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place, place.script("flood", FLOOD % 1_000_000))
    async with sessions.attach(info.id, name="fast") as fast, sessions.attach(info.id, name="slow") as slow:
        await anext(slow)
        await sessions.input(info.id, b"\r")
        first = await anext(slow)
        assert isinstance(first, Output)
        slow.ack(first.seq)
        got = await _until_it_waits(slow, asyncio.ensure_future(_read_to(fast, b"DONE")))
        assert FIRST - MAX_PIECE < sum(len(item.payload) for item in got) <= FIRST + MAX_PIECE
        slow.ack(got[-1].seq)
        seen = await until(slow, "DONE")
        assert len(seen.snapshots) == 1


async def _read_to(viewer: Viewer, text: bytes) -> None:
    tail = b""
    async for item in viewer:
        if isinstance(item, Output):
            tail = tail[-len(text) :] + item.payload
            if text in tail:
                return


async def _next(viewer: Viewer) -> ViewerItem:
    return await anext(viewer)


async def _until_it_waits(viewer: Viewer, done: asyncio.Future[None]) -> list[Output]:
    """Everything a viewer gets until it has nothing more, at the end of the flood."""
    got: list[Output] = []
    waiting = asyncio.ensure_future(_next(viewer))
    while True:
        both: list[asyncio.Future[ViewerItem] | asyncio.Future[None]] = [waiting, done]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            break
        item = waiting.result()
        assert isinstance(item, Output)
        got.append(item)
        waiting = asyncio.ensure_future(_next(viewer))
    await done
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    return got


async def test_snapshots_in_a_flood_are_followed_by_exactly_the_next_byte(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place, place.program("count", "seq", "1", "100000000"))
    for _ in range(25):
        async with sessions.attach(info.id, name="ann") as viewer:
            snapshot = await anext(viewer)
            assert isinstance(snapshot, Snapshot)
            payload, seqs = b"", []
            while payload.count(b"\n") < 20:
                item = await anext(viewer)
                assert isinstance(item, Output)
                payload += item.payload
                seqs.append(item.seq)
        assert seqs[0] == snapshot.seq
        assert _numbers_follow(snapshot, payload)


def _numbers_follow(snapshot: Snapshot, payload: bytes) -> bool:
    rows = snapshot.content.split("\r\n")
    # Between CR and LF the cursor is at the start of a line that is already written.
    line = rows[snapshot.cursor_y] if payload.startswith(b"\n") else rows[snapshot.cursor_y][: snapshot.cursor_x]
    text = "\n".join([*rows[: snapshot.cursor_y], line]) + payload.decode().replace("\r", "")
    numbers = [int(line) for line in text.split("\n")[:-1] if line.strip()]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_resizing_tells_every_viewer_and_shows_the_screen_anew(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place)
    async with sessions.attach(info.id, name="ann") as one, sessions.attach(info.id, name="bob") as two:
        await anext(one), await anext(two)
        await sessions.resize(info.id, 100, 30)
        for viewer in (one, two):
            items = [await anext(viewer)]
            while not isinstance(items[-1], Snapshot):
                items.append(await anext(viewer))
            assert Resized(100, 30) in items
            assert (items[-1].cols, items[-1].rows) == (100, 30)
        await sessions.input(info.id, b"stty size\r")
        await until(one, "30 100")
    assert (place.records.kept[info.id].cols, place.records.kept[info.id].rows) == (100, 30)


async def test_a_terminal_that_joins_over_ssh_decides_the_size_while_it_is_there(
    sessions: Sessions, place: Place
) -> None:
    info = await start(sessions, place)
    async with sessions.attach(info.id, name="ann") as viewer:
        await anext(viewer)
        pid, terminal = pty.fork()
        if pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 111, 0, 0))
            os.environ["TERM"] = "xterm-256color"
            socket = str(sessions.socket(info.id))
            os.execvp("tmux", ["tmux", "-u", "-S", socket, "attach"])  # noqa: S606 - no shell is wanted
        loop = asyncio.get_running_loop()
        os.set_blocking(terminal, False)
        loop.add_reader(terminal, _discard, terminal)
        try:
            await _sized(viewer, 111, 33)
            os.write(terminal, b"echo by$((1+1))hand\r")
            await until(viewer, "by2hand")
            os.kill(pid, signal.SIGHUP)  # the ssh connection drops
            await _sized(viewer, 80, 24)
        finally:
            loop.remove_reader(terminal)
            os.close(terminal)
            await asyncio.to_thread(os.waitpid, pid, 0)


def _discard(terminal: int) -> None:
    try:
        os.read(terminal, 65536)
    except OSError:
        asyncio.get_running_loop().remove_reader(terminal)


async def _sized(viewer: Viewer, cols: int, rows: int) -> None:
    async with asyncio.timeout(10):
        while await anext(viewer) != Resized(cols, rows):
            pass


async def test_a_shell_that_waits_at_its_first_prompt_is_idle(sessions: Sessions, place: Place) -> None:
    await start(sessions, place)
    async with asyncio.timeout(10):
        await place.events.wait(lambda event: event.type == "session.changed" and event.status == "idle")


async def test_status_and_title_follow_the_program(sessions: Sessions, place: Place) -> None:
    info = await start(sessions, place, place.program("cat", "cat", "-u"))
    async with sessions.attach(info.id, name="ann") as viewer:
        seen = await first_screen(viewer)
        await sessions.input(info.id, b"hello\r")
        await until(viewer, "hello\r\nhello", seen)
        assert sessions.get(info.id).status is SessionStatus.WORKING
        await sessions.input(info.id, b"\x1b]2;a title\x07\x1b]7501;blocked\x07sent\r")
        await until(viewer, "blocked\x07sent\r\n")
        assert sessions.get(info.id).status is SessionStatus.WAITING
        async with asyncio.timeout(10):
            await place.events.wait(lambda event: event.type == "session.changed" and event.title == "a title")
        await sessions.input(info.id, b"answer\r")
        assert sessions.get(info.id).status is SessionStatus.WORKING
        async with asyncio.timeout(10):
            await place.events.wait(lambda event: event.type == "session.changed" and event.status == "idle")
