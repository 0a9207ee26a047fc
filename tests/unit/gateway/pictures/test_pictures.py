from __future__ import annotations

import io

import pytest
from PIL import Image

from gateway.pictures.colours import BACKGROUND, FOREGROUND, colour_of
from gateway.pictures.png import draw
from gateway.pictures.screen import Cell, rows_of
from gateway.sessions.types import Snapshot
from protocol.problems import Problem, ProblemCode


def snapshot(content: str, *, rows: int = 3, cols: int = 10, scrollback: int = 0, alternate: bool = False) -> Snapshot:
    return Snapshot("s", 0, content, cols, rows, 0, 0, True, alternate, scrollback)


def text_of(row: list[Cell]) -> str:
    return "".join(cell.text for cell in row)


def test_rows_are_those_of_the_screen_without_the_history() -> None:
    rows = rows_of(snapshot("old\r\nolder\r\none\r\ntwo\r\nthree", scrollback=2))
    assert [text_of(row) for row in rows] == ["one", "two", "three"]


def test_a_full_screen_program_has_no_history() -> None:
    assert [text_of(row) for row in rows_of(snapshot("a\r\nb", alternate=True, scrollback=5))] == ["a", "b"]


def test_a_style_goes_on_from_row_to_row() -> None:
    rows = rows_of(snapshot("\x1b[31;1mone\r\ntwo\x1b[0m\r\nthree"))
    assert {cell.foreground for row in rows[:2] for cell in row} == {colour_of("31")}
    assert {cell.foreground for cell in rows[2]} == {FOREGROUND}
    assert rows[0][0].bold
    assert not rows[2][0].bold


def test_reverse_exchanges_the_colours_and_wide_characters_take_two_cells() -> None:
    [row, *_] = rows_of(snapshot("\x1b[7m日x"))
    assert [(cell.column, cell.width) for cell in row] == [(0, 2), (2, 1)]
    assert (row[0].foreground, row[0].background) == (BACKGROUND, FOREGROUND)


def test_what_does_not_fit_is_left_out() -> None:
    assert text_of(rows_of(snapshot("0123456789abc"))[0]) == "0123456789"
    assert text_of(rows_of(snapshot("012345678日"))[0]) == "012345678"
    assert len(rows_of(snapshot("\r\n".join("abcdef")))) == 3


@pytest.mark.parametrize(
    ("parameters", "colour"),
    [
        ("38;5;196", (255, 0, 0)),
        ("48;2;1;2;3", (1, 2, 3)),
        ("38:2::9:8:7", (9, 8, 7)),
        ("38;5;255", (238, 238, 238)),
        ("38;5;999", None),
        ("38;2;1", None),
        ("38", None),
        ("", None),
    ],
)
def test_colours(parameters: str, colour: tuple[int, int, int] | None) -> None:
    assert colour_of(parameters) == colour


def test_bright_colours_are_others_than_plain_ones() -> None:
    assert colour_of("91") != colour_of("31")
    assert colour_of("101") == colour_of("91")


def test_a_picture_shows_what_was_written() -> None:
    blank = Image.open(io.BytesIO(draw(snapshot(""))))
    written = Image.open(io.BytesIO(draw(snapshot("\x1b[41m\x1b[4mhello\x1b[0m \x1b[1mbold"))))
    assert blank.size == written.size
    colours = {colour for _, colour in written.getcolors(1 << 16) or ()}
    assert colour_of("41") in colours
    assert colour_of("41") not in {colour for _, colour in blank.getcolors(1 << 16) or ()}


def test_without_a_font_it_is_told_what_to_install() -> None:
    with pytest.raises(Problem, match="fonts-dejavu-core") as refused:
        draw(snapshot("x"), "NoSuchFont")
    assert refused.value.code is ProblemCode.UNAVAILABLE
