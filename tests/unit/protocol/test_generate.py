"""The schema files say what the models say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
from pydantic import BaseModel, JsonValue

from protocol.commands import COMMANDS
from protocol.events import EVENTS
from protocol.generate import SCHEMA_DIR, drift, main, schemas
from protocol.notices import NOTICES
from protocol.problems import ProblemCode
from protocol.streams.messages import STREAM_MESSAGES
from protocol.terminal import CLIENT_MESSAGES, SERVER_MESSAGES
from protocol.version import HISTORY, SCHEMA_VERSION, WIRE_VERSION
from tests.unit.protocol import examples


def _definitions(name: str) -> dict[str, dict[str, JsonValue]]:
    read: dict[str, dict[str, dict[str, JsonValue]]] = json.loads((SCHEMA_DIR / name).read_text())
    return read["$defs"]


def test_the_files_do_not_drift_from_the_models() -> None:
    assert drift(SCHEMA_DIR) == [], "run python -m protocol.generate"


def test_drift_is_reported_and_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    (tmp_path / "events.json").write_text("{}")
    (tmp_path / "frames.json").unlink()
    (tmp_path / "old.json").write_text("{}")
    assert main(["--check"], tmp_path) == 1
    told = capsys.readouterr().err
    assert re.findall(r"/(\w+\.json) is out of date", told) == ["events.json", "frames.json", "old.json"]
    assert main([], tmp_path) == 0
    assert drift(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("commands.json", COMMANDS),
        ("events.json", EVENTS),
        ("notices.json", NOTICES),
        ("streams.json", STREAM_MESSAGES),
        ("terminal.json", SERVER_MESSAGES + CLIENT_MESSAGES),
    ],
)
def test_every_message_is_there_as_it_is_written(name: str, models: tuple[type[BaseModel], ...]) -> None:
    definitions = _definitions(name)
    assert '"null"' not in (SCHEMA_DIR / name).read_text()
    for model in models:
        made = definitions[model.__name__]
        properties, required = made["properties"], made["required"]
        assert isinstance(properties, dict)
        assert isinstance(required, list)
        assert set(properties) == set(model.model_fields)
        assert made["title"] == model.__name__
        assert made["additionalProperties"] is False
        assert "type" in required
        assert {n for n, field in model.model_fields.items() if field.is_required()} <= set(required)


def test_the_schemas_take_what_we_write_and_refuse_what_we_do_not_read() -> None:
    commands = jsonschema_rs.validator_for(schemas()["commands.json"])
    events = jsonschema_rs.validator_for(schemas()["events.json"])
    assert all(commands.is_valid(examples.command(kind)) for kind in examples.COMMANDS)
    assert all(events.is_valid(examples.event(kind)) for kind in examples.EVENTS)
    assert not commands.is_valid({**examples.command("ssh.list"), "colour": "green"})
    assert not commands.is_valid({**examples.command("session.resize"), "cols": 0})
    assert not events.is_valid({**examples.event("gateway.health"), "cpu_percent": 101})
    assert not events.is_valid({**examples.event("ack"), "error": None})


def test_every_problem_code_is_there() -> None:
    assert _definitions("problems.json")["ProblemCode"]["enum"] == [str(code) for code in ProblemCode]


def test_frames_are_described() -> None:
    frames = schemas()["frames.json"]
    assert frames["kinds"] == {"output": 1, "input": 2, "stream": 3}
    assert frames["max_output_payload_bytes"] == 16384


def test_the_history_leads_to_the_present_version() -> None:
    assert str(SCHEMA_VERSION) == WIRE_VERSION
    assert HISTORY[-1].version == SCHEMA_VERSION
    assert [(change.on, change.version) for change in HISTORY] == sorted((c.on, c.version) for c in HISTORY)
    assert {change.version for change in HISTORY} == set(range(1, SCHEMA_VERSION + 1))
