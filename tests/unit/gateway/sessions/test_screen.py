"""Captures as tmux 3.3a and 3.5a print them for the same screen, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gateway.sessions.screen import FIELDS, Captured, parse

COLS = 20


@dataclass(frozen=True)
class Recorded:
    """What a program printed, ``capture-pane -p -e -N`` of the two versions, and the rows that are to be written."""

    old: list[bytes]
    new: list[bytes]
    rows_of_old: list[str]
    rows_of_new: list[str]


RECORDED = {
    r"ab\ncd   \nEND": Recorded(
        [b"ab", b"cd   ", b"END", b""],
        [b"ab   ", b"cd        ", b"END  ", b""],
        ["ab", "cd", "END", ""],
        ["ab", "cd", "END", ""],
    ),
    r"\033[41mred\033[K\nnext\033[0m\nplain END": Recorded(
        [b"\x1b[41mred", b"next", b"\x1b[49mplain END", b""],
        [b"\x1b[41mred                 ", b"next\x1b[49m ", b"plain END ", b""],
        ["\x1b[41mred\x1b[0m", "\x1b[41mnext\x1b[0m", "\x1b[41m\x1b[49mplain END\x1b[0m", ""],
        ["\x1b[41mred                 \x1b[0m", "\x1b[41mnext\x1b[49m\x1b[0m", "plain END", ""],
    ),
    r"\033[44m line   \n\033[0mz END": Recorded(
        [b"\x1b[44m line   ", b"\x1b[49mz END", b"", b""],
        [b"\x1b[44m line   \x1b[49m  ", b"z END     ", b"", b""],
        ["\x1b[44m line   \x1b[0m", "\x1b[44m\x1b[49mz END\x1b[0m", "", ""],
        ["\x1b[44m line   \x1b[49m\x1b[0m", "z END", "", ""],
    ),
    r"\033[7mrev\033[K\n\033[4munder\033[K\nEND": Recorded(
        [b"\x1b[7mrev", b"\x1b[4munder", b"END", b""],
        [b"\x1b[7mrev\x1b[0m  ", b"\x1b[4;7munder\x1b[0m     ", b"\x1b[4;7mEND\x1b[0m  ", b""],
        ["\x1b[7mrev\x1b[0m", "\x1b[7m\x1b[4munder\x1b[0m", "\x1b[7;4mEND\x1b[0m", "\x1b[7;4m\x1b[0m"],
        ["\x1b[7mrev\x1b[0m\x1b[0m", "\x1b[4;7munder\x1b[0m\x1b[0m", "\x1b[4;7mEND\x1b[0m\x1b[0m", ""],
    ),
    r"\033(0lqqk\033(B END": Recorded(
        [b"\x0elqqk\x0f END", b"", b"", b""],
        [b"\x0elqqk\x0f END  ", b"", b"", b""],
        ["┌──┐ END", "", "", ""],
        ["┌──┐ END", "", "", ""],
    ),
}


def captured(lines: list[bytes], saved: list[bytes] | None = None, **state: int) -> Captured:
    numbers = {"pane_width": COLS, "pane_height": 4, "cursor_flag": 1, "wrap_flag": 1, **state}
    answer = "=" + " ".join(str(numbers.get(field, 0)) for field in FIELDS) + "|title"
    return parse([[answer.encode()], lines, [b""], saved or []])


@pytest.mark.parametrize("printed", RECORDED)
def test_rows_of_both_versions(printed: str) -> None:
    recorded = RECORDED[printed]
    assert captured(recorded.old).screen == recorded.rows_of_old
    assert captured(recorded.new).screen == recorded.rows_of_new


def test_history_and_the_screen_under_another_lose_their_blanks_too() -> None:
    lines = [b"1    ", b"\x1b[42m2  ", b"3  \x1b[49m   ", b"4    ", b"", b""]
    both = captured(lines, [b"under    ", b"", b"", b""], alternate_on=1)
    assert both.history == ["1", "\x1b[42m2  \x1b[0m"]
    assert both.screen == ["\x1b[42m3  \x1b[49m\x1b[0m", "4", "", ""]
    assert both.saved == ["under", "", "", ""]


def test_a_row_at_whose_end_the_cursor_waits_is_written_to_its_end() -> None:
    row = b"x" + b" " * (COLS - 1)
    waiting = captured([b"1", b"2", row, row, b"", b""], cursor_x=COLS, cursor_y=1)
    assert waiting.screen == ["x", row.decode(), "", ""]
    assert waiting.modes("").endswith(f"\x1b[2;1H{row.decode()}")


def test_a_long_coloured_history_does_not_grow_with_every_row() -> None:
    lines = [b"\x1b[31mred\x1b[39m, plain", b"\x1b[42mgreen\x1b[49m, plain"] * 5000
    assert max(map(len, captured(lines).history)) < 40
