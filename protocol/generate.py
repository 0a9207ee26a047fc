"""Write the JSON Schemas of the wire: ``python -m protocol.generate`` (``--check`` only reports drift, exit code 1).

The schemas describe what a sender writes: no field beyond those named, and none with null. Readers are more tolerant:
they ignore unknown fields, and read a missing ``schema_version`` as the present one and null as a missing field.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from protocol.commands import COMMANDS
from protocol.events import EVENTS
from protocol.frames import FrameKind
from protocol.limits import MAX_FRAME_BYTES, MAX_OUTPUT_PAYLOAD
from protocol.notices import NOTICES
from protocol.problems import ErrorAnswer
from protocol.streams.messages import STREAM_MESSAGES
from protocol.terminal import CLIENT_MESSAGES, SERVER_MESSAGES
from protocol.version import SCHEMA_VERSION

SCHEMA_DIR: Final = Path(__file__).parent / "schema"
_ALWAYS: Final = ("type", "schema_version")
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
Json = dict[str, JsonValue]


class _UntitledFields(GenerateJsonSchema):
    """Titles for models only: a generator of types would make a type of its own from every titled field."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Never."""
        return False


def schemas() -> Mapping[str, Json]:
    """Every schema file by its name."""
    return {
        "commands.json": _unions("Commands", {"Command": COMMANDS}),
        "events.json": _unions("Events", {"Event": EVENTS}),
        "notices.json": _unions("Notices", {"Notice": NOTICES}),
        "streams.json": _unions("Streams", {"StreamMessage": STREAM_MESSAGES}),
        "terminal.json": _unions(
            "Terminal", {"ServerMessage": SERVER_MESSAGES, "ClientMessage": CLIENT_MESSAGES}, always=("type",)
        ),
        "problems.json": _unions("Problems", {"Problem": (ErrorAnswer,)}),
        "frames.json": _frames(),
    }


def _unions(title: str, unions: Mapping[str, Sequence[type[BaseModel]]], always: tuple[str, ...] = _ALWAYS) -> Json:
    """One file: the models under ``$defs``, and a union of them for each name.

    ``always`` names the constant fields that a sender writes though a reader does without them.
    """
    models = [model for members in unions.values() for model in members]
    _, built = models_json_schema([(model, "validation") for model in models], schema_generator=_UntitledFields)
    definitions: Json = dict(built["$defs"])
    for name, members in unions.items():
        definitions[name] = _union(name, members)
    return {
        "$schema": _DIALECT,
        "title": title,
        "version": SCHEMA_VERSION,
        "oneOf": [_ref(name) for name in unions],
        "$defs": {name: _as_written(value, always) for name, value in sorted(definitions.items())},
    }


def _union(name: str, members: Sequence[type[BaseModel]]) -> Json:
    return {"title": name, "oneOf": [_ref(member.__name__) for member in members]}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _as_written(value: JsonValue, always: tuple[str, ...]) -> JsonValue:
    """The schema of what a sender writes, made from the schema of what a reader takes."""
    if isinstance(value, list):
        return [_as_written(item, always) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _as_written(item, always) for key, item in _without_null(value).items()}
    properties = made.get("properties")
    if isinstance(properties, dict):
        constants = [name for name in always if name in properties]
        listed = made.get("required")
        required = [name for name in listed if name not in constants] if isinstance(listed, list) else []
        made["required"] = [*constants, *required]
        made["additionalProperties"] = False
    return made


def _without_null(value: Json) -> Json:
    choices = value.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return value
    rest: list[JsonValue] = [choice for choice in choices if choice != {"type": "null"}]
    kept: Json = {key: item for key, item in value.items() if key not in ("anyOf", "default")}
    only = rest[0]
    if len(rest) == 1 and isinstance(only, dict):
        return {**only, **kept}
    return {**kept, "anyOf": rest}


def _frames() -> Json:
    """Binary frames are no JSON: this file states their layout for programs that read or write them."""
    fields: list[JsonValue] = [
        {"name": "kind", "type": "u8"},
        {"name": "session_id_len", "type": "u8", "unit": "bytes"},
        {"name": "session_id", "type": "utf8"},
        {"name": "seq", "type": "u64", "byte_order": "big-endian"},
        {"name": "payload", "type": "bytes", "extent": "to the end of the frame"},
    ]
    return {
        "title": "Binary frames",
        "version": SCHEMA_VERSION,
        "fields": fields,
        "kinds": {kind.name.lower(): int(kind) for kind in FrameKind},
        "max_frame_bytes": MAX_FRAME_BYTES,
        "max_output_payload_bytes": MAX_OUTPUT_PAYLOAD,
    }


def render(schema: Json) -> str:
    """The text of a schema file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def drift(folder: Path) -> list[str]:
    """Names of files in ``folder`` that are missing, differ from what the models say, or are left over."""
    wanted = schemas()
    left_over = {path.name for path in folder.glob("*.json")} - wanted.keys()
    differing = {name for name, schema in wanted.items() if _text(folder / name) != render(schema)}
    return sorted(left_over | differing)


def write(folder: Path) -> None:
    """Write every schema file, and remove those that no model has any more."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (folder / name).write_text(render(schema), encoding="utf-8")
    for name in drift(folder):
        (folder / name).unlink()


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def main(arguments: Sequence[str] | None = None, folder: Path = SCHEMA_DIR) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m protocol.generate", description="Write the wire's JSON Schemas.")
    parser.add_argument("--check", action="store_true", help="write nothing; report files that are out of date")
    if not parser.parse_args(arguments).check:
        write(folder)
        return 0
    stale = drift(folder)
    for name in stale:
        sys.stderr.write(f"{folder / name} is out of date: run python -m protocol.generate\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
