from __future__ import annotations

import pytest

from gateway.sessions.modes import ModeTracker
from gateway.sessions.types import SessionStatus


class Heard:
    def __init__(self) -> None:
        self.marks: list[SessionStatus] = []
        self.bells = 0
        self.modes = ModeTracker(self.marks.append, self._bell)

    def _bell(self) -> None:
        self.bells += 1


@pytest.mark.parametrize("cut", range(1, 16))
def test_modes_are_seen_wherever_the_stream_is_cut(cut: int) -> None:
    heard = Heard()
    data = b"ab\x1b[?1004;2004hx\x1b[4 q"
    heard.modes.feed(data[:cut])
    heard.modes.feed(data[cut:])
    assert heard.modes.sequences() == "\x1b[?1004h\x1b[?2004h\x1b[4 q"


@pytest.mark.parametrize("reset", [b"\x1b[?2004l", b"\x1bc", b"\x1b[!p"])
def test_modes_go_off(reset: bytes) -> None:
    heard = Heard()
    heard.modes.feed(b"\x1b[?2004h")
    heard.modes.feed(reset)
    assert heard.modes.sequences() == ""


def test_what_is_saved_can_be_restored() -> None:
    heard, other = Heard(), Heard()
    heard.modes.feed(b"\x1b[?2004h\x1b[6 q")
    changes = [heard.modes.changed]
    other.modes.restore(heard.modes.saved())
    assert other.modes.sequences() == heard.modes.sequences() == "\x1b[?2004h\x1b[6 q"
    assert [*changes, heard.modes.changed] == [True, False]
    other.modes.restore("nonsense:x y")
    assert other.modes.sequences() == ""


def test_bells_and_marks() -> None:
    heard = Heard()
    heard.modes.feed(b"\x1b]2;a title\x07\x1b]7501;done\x07")
    assert (heard.bells, heard.marks) == (0, [SessionStatus.IDLE])
    heard.modes.feed(b"ding\x07")
    assert heard.bells == 1


@pytest.mark.parametrize(
    ("data", "partial"),
    [(b"abc", b""), ("é".encode(), b""), ("é".encode()[:1], b"\xc3"), ("€".encode()[:2], b"\xe2\x82"),
     ("🐇".encode()[:3], b"\xf0\x9f\x90"), ("🐇".encode(), b""), (b"\x80\x80\x80", b"")],
)  # fmt: skip
def test_an_unfinished_character(data: bytes, partial: bytes) -> None:
    whole, bytewise = Heard(), Heard()
    whole.modes.feed(b"start" + data)
    for byte in b"start" + data:
        bytewise.modes.feed(bytes([byte]))
    assert whole.modes.partial_character() == bytewise.modes.partial_character() == partial
