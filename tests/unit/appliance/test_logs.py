from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from appliance.logs import choose_format, set_up


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(shape: Literal["console", "json", "journal"]) -> str:
    stream = io.StringIO()
    set_up("info", shape, stream)
    structlog.get_logger("x").info("a session started", session="s1", hub_token="abc")
    structlog.get_logger("x").debug("not shown")
    logging.getLogger("other").warning("from a %s", "library")
    return stream.getvalue()


def test_json_has_a_line_for_each_entry() -> None:
    first, second = (json.loads(line) for line in logged("json").splitlines())
    assert first["event"] == "a session started"
    assert first["session"] == "s1"
    assert first["hub_token"] == "[hidden]"
    assert second["event"] == "from a library"
    assert second["level"] == "warning"


def test_the_journal_gets_priorities() -> None:
    assert logged("journal").splitlines() == [
        "<6>a session started session='s1' hub_token='[hidden]'",
        "<4>from a library",
    ]


def test_every_line_of_a_traceback_has_its_priority() -> None:
    stream = io.StringIO()
    set_up("info", "journal", stream)
    try:
        raise ValueError("no")
    except ValueError:
        structlog.get_logger("x").exception("it failed")
    lines = stream.getvalue().splitlines()
    assert len(lines) > 2
    assert all(line.startswith("<3>") for line in lines)


def test_the_format_follows_where_it_goes() -> None:
    stream = io.StringIO()
    assert choose_format("auto", stream, {}) == "json"
    assert choose_format("auto", stream, {"JOURNAL_STREAM": "8:1"}) == "journal"
    assert choose_format("console", stream, {}) == "console"
