"""A terminal's screen as a PNG picture, drawn with Pillow and a font of the machine."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gateway.pictures.colours import BACKGROUND, FOREGROUND
from gateway.pictures.screen import Cell, rows_of
from gateway.sessions.types import Snapshot
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

FONT: Final = "DejaVuSansMono"
"""Looked for in the folders where the machine keeps its fonts."""
_SIZE: Final = 16
_MARGIN: Final = 12
"""Pixels around the screen."""


def draw(snapshot: Snapshot, font: str = FONT) -> bytes:
    """The screen as PNG. Blocks for some milliseconds: call it in a thread.

    Raises:
        Problem: UNAVAILABLE where the machine has no font for it.
    """
    # Loaded here: it takes megabytes, and most devices draw nothing for months.
    from PIL import Image, ImageDraw

    regular, bold = _font(f"{font}.ttf"), _font(f"{font}-Bold.ttf")
    width, height = _cell(regular)
    size = (snapshot.cols * width + 2 * _MARGIN, snapshot.rows * height + 2 * _MARGIN)
    image = Image.new("RGB", size, BACKGROUND)
    pen = _Pen(ImageDraw.Draw(image), regular, bold, width, height)
    for number, row in enumerate(rows_of(snapshot)):
        pen.row(number, row)
    if snapshot.cursor_visible:
        pen.cursor(snapshot.cursor_x, snapshot.cursor_y)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


class _Pen:
    def __init__(self, canvas: ImageDraw, regular: FreeTypeFont, bold: FreeTypeFont, width: int, height: int) -> None:
        self._canvas = canvas
        self._fonts = {False: regular, True: bold}
        self._width = width
        self._height = height

    def row(self, number: int, cells: Iterable[Cell]) -> None:
        """One row, the top one being 0."""
        top = _MARGIN + number * self._height
        for cell in cells:
            left = _MARGIN + cell.column * self._width
            right = left + cell.width * self._width - 1
            if cell.background != BACKGROUND:
                self._canvas.rectangle((left, top, right, top + self._height - 1), fill=cell.background)
            if cell.text != " ":
                self._canvas.text((left, top), cell.text, fill=cell.foreground, font=self._fonts[cell.bold])
            if cell.underline:
                bottom = top + self._height - 2
                self._canvas.line((left, bottom, right, bottom), fill=cell.foreground)

    def cursor(self, column: int, row: int) -> None:
        """A frame where the next character goes."""
        left, top = _MARGIN + column * self._width, _MARGIN + row * self._height
        self._canvas.rectangle((left, top, left + self._width - 1, top + self._height - 1), outline=FOREGROUND)


def _font(name: str) -> FreeTypeFont:
    from PIL import ImageFont

    try:
        return ImageFont.truetype(name, _SIZE)
    except OSError:
        raise Problem(
            ProblemCode.UNAVAILABLE,
            f"There is no font {name} on this device to draw with. Install it: sudo apt install fonts-dejavu-core",
        ) from None


def _cell(font: FreeTypeFont) -> tuple[int, int]:
    ascent, descent = font.getmetrics()
    return round(font.getlength("M")), ascent + descent
