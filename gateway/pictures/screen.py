"""A snapshot's screen as rows of cells. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

from gateway.pictures.colours import BACKGROUND, FOREGROUND, Colour, colour_of
from gateway.sessions.sgr import ESCAPE, Style
from gateway.sessions.types import Snapshot


@dataclass(frozen=True, slots=True)
class Cell:
    """A character in its place; ``width`` is 2 for those that take two cells."""

    column: int
    text: str
    width: int
    foreground: Colour
    background: Colour
    bold: bool = False
    underline: bool = False


def rows_of(snapshot: Snapshot) -> list[list[Cell]]:
    """The cells of the screen that were written, row by row from the top; the history is left out."""
    lines = snapshot.content.split("\r\n")
    shown = lines if snapshot.alternate_on else lines[snapshot.scrollback :]
    style = Style()
    for line in lines[: len(lines) - len(shown)]:
        style = style.after(line)
    rows = []
    for line in shown[: snapshot.rows]:
        rows.append([cell for cell in _cells(line, style) if cell.column + cell.width <= snapshot.cols])
        style = style.after(line)
    return rows


def _cells(line: str, style: Style) -> Iterator[Cell]:
    column = at = 0
    for match in ESCAPE.finditer(line):
        for cell in _written(line[at : match.start()], column, style):
            yield cell
            column = cell.column + cell.width
        style, at = style.after(match.group()), match.end()
    yield from _written(line[at:], column, style)


def _written(text: str, column: int, style: Style) -> Iterator[Cell]:
    foreground, background = _colours(style)
    aspects = {aspect for aspect, _ in style.on}
    for character in text:
        if combining(character) or not character.isprintable():
            continue
        width = 2 if east_asian_width(character) in "WF" else 1
        shown = " " if "hidden" in aspects else character
        yield Cell(column, shown, width, foreground, background, "bold" in aspects, "underline" in aspects)
        column += width


def _colours(style: Style) -> tuple[Colour, Colour]:
    on = dict(style.on)
    foreground = colour_of(on.get("foreground", "")) or FOREGROUND
    background = colour_of(on.get("background", "")) or BACKGROUND
    if "dim" in on:
        foreground = _between(foreground, background)
    return (background, foreground) if "reverse" in on else (foreground, background)


def _between(one: Colour, other: Colour) -> Colour:
    return (one[0] + other[0]) // 2, (one[1] + other[1]) // 2, (one[2] + other[2]) // 2
