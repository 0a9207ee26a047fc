from __future__ import annotations

import pytest

from gateway.sessions.sgr import Style

LEFT_ON = {
    "plain text": "",
    "\x1b[1;31mred": "\x1b[1;31m",
    "\x1b[31mred\x1b[39m": "",
    "\x1b[31mred\x1b[32mgreen": "\x1b[32m",
    "\x1b[1;44mbold\x1b[49m": "\x1b[1m",
    "\x1b[1;2;3;4;5;7;8;9;53m": "\x1b[1;2;3;4;5;7;8;9;53m",
    "\x1b[1;2;3;4;5;7;8;9;53mx\x1b[22;23;24;25;27;28;29;55m": "",
    "\x1b[4:3mcurly\x1b[58;5;9m": "\x1b[4:3;58;5;9m",
    "\x1b[4:3mcurly\x1b[4:0m": "",
    "\x1b[4:3mcurly\x1b[58:2::1:2:3m\x1b[59m": "\x1b[4:3m",
    "\x1b[38;5;1m": "\x1b[38;5;1m",
    "\x1b[38;5;0m": "\x1b[38;5;0m",
    "\x1b[38;2;0;0;7;4m": "\x1b[38;2;0;0;7;4m",
    "\x1b[48:5:0m": "\x1b[48:5:0m",
    "\x1b[97;101m\x1b[0m": "",
    "\x1b[97;101m\x1b[m": "",
    "\x1b[97;101m\x1b[0;7m": "\x1b[7m",
    "\x1b[97;101m\x1b[;7m": "\x1b[7m",
    "\x1b[38": "",
    "\x1b[38m": "\x1b[38m",
    "\x1b[99m": "",
    "\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\": "",
}


@pytest.mark.parametrize("text", LEFT_ON)
def test_what_a_text_leaves_on(text: str) -> None:
    style = Style().after(text)
    assert style.escape() == LEFT_ON[text]
    assert style.plain is (LEFT_ON[text] == "")


def test_a_style_goes_on_from_text_to_text() -> None:
    assert Style().after("\x1b[1;31mone").after("two").after("\x1b[44m").escape() == "\x1b[1;31;44m"


def test_a_style_stays_as_short_as_what_is_on() -> None:
    style = Style()
    for _ in range(1000):
        style = style.after("\x1b[31mred\x1b[32mgreen\x1b[39m\x1b[4m\x1b[24m\x1b[45m")
    assert style.escape() == "\x1b[45m"
