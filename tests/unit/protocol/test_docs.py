"""The documents describe every message, every field and every problem."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from protocol.base import WireModel
from protocol.commands import COMMANDS
from protocol.events import EVENTS
from protocol.link import ANSWERS
from protocol.notices import NOTICES
from protocol.problems import ProblemCode
from protocol.streams.messages import STREAM_MESSAGES
from protocol.terminal import CLIENT_MESSAGES, SERVER_MESSAGES
from protocol.version import HISTORY

DOCS = Path(__file__).parents[3] / "docs"
WIRE = (DOCS / "wire.md").read_text(encoding="utf-8")
COMMON = {"type", "schema_version"}


def _rows(heading: str) -> dict[str, list[str]]:
    """The first table after a heading (or a table's own head): its rows by what stands in backticks first."""
    lines = WIRE[WIRE.index(heading) :].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows: dict[str, list[str]] = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[cells[0].strip("`")] = cells[1:]
    return rows


def _fields(model: type[BaseModel]) -> dict[str, bool]:
    """Every field's name, those of nested models too, and whether it is required."""
    found: dict[str, bool] = {}
    for name, field in model.model_fields.items():
        found[name] = field.is_required()
        for part in re.findall(r"protocol\.\w+\.(\w+)", str(field.annotation)):
            nested = next((m for m in WireModel.__subclasses__() if m.__name__ == part), None)
            found.update({} if nested is None else _fields(nested))
    return found


@pytest.mark.parametrize(
    ("heading", "models", "common"),
    [
        ("## Commands", COMMANDS, COMMON | {"request_id"}),
        ("## Events", EVENTS, COMMON),
        ("## Notices", NOTICES, COMMON),
        ("| of a stream", STREAM_MESSAGES, COMMON),
        ("| from the device", SERVER_MESSAGES, COMMON),
        ("| from the browser", CLIENT_MESSAGES, COMMON),
    ],
    ids=["commands", "events", "notices", "streams", "from the device", "from the browser"],
)
def test_every_message_and_field_is_described(
    heading: str, models: tuple[type[BaseModel], ...], common: set[str]
) -> None:
    rows = _rows(heading)
    assert set(rows) == {model.model_fields["type"].default for model in models}
    for model in models:
        text = rows[model.model_fields["type"].default][0]
        for name, required in _fields(model).items():
            if name not in common:
                assert re.search(rf"`{name}`(\?)?", text), f"{model.__name__}.{name} is not described"
                told = re.findall(rf"`{name}`(\?)?", text)
                assert told[0] == ("" if required else "?"), f"{model.__name__}.{name}: required or not?"


def test_the_answers_are_those_of_the_table() -> None:
    for kind, cells in _rows("## Commands").items():
        events = [*ANSWERS[kind].first, *ANSWERS[kind].final]
        assert re.findall(r"`([^`]+)`", cells[1]) == [event.model_fields["type"].default for event in events]


def test_the_history_is_told() -> None:
    for change in HISTORY:
        assert f"| {change.on} | {change.version} | {change.what} |" in WIRE


def test_every_problem_says_what_can_be_done() -> None:
    text = (DOCS / "problems.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\S.*\S) \| (\S.*\S) \|$", text, re.MULTILINE)
    assert sorted(code for code, _, _ in rows) == sorted(ProblemCode)
