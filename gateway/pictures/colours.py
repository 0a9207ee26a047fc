"""The colours of a terminal: what the parameters of an SGR escape stand for (xterm's 256 colours)."""

from __future__ import annotations

from typing import Final

Colour = tuple[int, int, int]

FOREGROUND: Final[Colour] = (0xD4, 0xD4, 0xD4)
BACKGROUND: Final[Colour] = (0x16, 0x18, 0x1D)
_BASIC: Final[tuple[Colour, ...]] = (
    (0x2A, 0x2D, 0x34), (0xE0, 0x5A, 0x5A), (0x6C, 0xB3, 0x5E), (0xD9, 0xA4, 0x41),
    (0x5B, 0x8D, 0xEF), (0xB5, 0x7E, 0xDC), (0x4D, 0xB6, 0xC4), (0xC8, 0xCC, 0xD4),
    (0x6B, 0x72, 0x80), (0xFF, 0x87, 0x87), (0x9B, 0xE0, 0x8C), (0xFF, 0xD1, 0x6E),
    (0x8F, 0xB6, 0xFF), (0xD8, 0xA8, 0xFF), (0x7F, 0xDF, 0xEC), (0xFF, 0xFF, 0xFF),
)  # fmt: skip
_STEPS: Final = (0, 95, 135, 175, 215, 255)


def colour_of(parameters: str) -> Colour | None:
    """The colour that ``31``, ``38;5;196`` or ``48:2::1:2:3`` names; None for one that cannot be read."""
    numbers = [int(part) for part in parameters.replace(":", ";").split(";") if part.isdigit()]
    if not numbers:
        return None
    code, rest = numbers[0], numbers[1:]
    if code in (38, 48):
        return _extended(rest)
    place = code % 10 + (8 if code >= 90 else 0)
    return _BASIC[place] if place < len(_BASIC) else None


def _extended(numbers: list[int]) -> Colour | None:
    match numbers:
        case [5, number, *_] if number < 256:
            return _indexed(number)
        case [2, *parts] if len(parts) >= 3 and max(parts[-3:]) < 256:
            return parts[-3], parts[-2], parts[-1]
        case _:
            return None


def _indexed(number: int) -> Colour:
    if number < 16:
        return _BASIC[number]
    if number >= 232:
        grey = 8 + (number - 232) * 10
        return grey, grey, grey
    number -= 16
    return _STEPS[number // 36], _STEPS[number // 6 % 6], _STEPS[number % 6]
