"""Text frames to messages and back.

Reading raises :class:`Problem` and nothing else, whatever the text is. The problem's ``details`` hold ``request_id``
where one could be found, so that the sender can be answered, and ``type`` where the message named one. What was read is
never repeated in a problem, because problems reach logs and messages hold secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Final, TypeVar

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json

from protocol.base import WireMessage
from protocol.commands import COMMANDS, AnyCommand, Command
from protocol.events import EVENTS, AnyEvent, Event
from protocol.fields import REQUEST_ID_PATTERN
from protocol.limits import KIB, MAX_MESSAGE_BYTES, MAX_SOCKET_BYTES
from protocol.notices import NOTICES, AnyNotice
from protocol.problems import Problem, ProblemCode
from protocol.streams.messages import STREAM_MESSAGES, AnyStreamMessage

FromHub = AnyCommand | AnyNotice | AnyStreamMessage
"""What a hub sends in a text frame."""
FromDevice = AnyEvent | AnyStreamMessage
"""What a device sends in a text frame."""

T = TypeVar("T")
# Built at the first message: a device without a hub does without.
_LATER: Final = ConfigDict(defer_build=True)
_COMMAND: Final[TypeAdapter[AnyCommand]] = TypeAdapter(Command, config=_LATER)
_EVENT: Final[TypeAdapter[AnyEvent]] = TypeAdapter(Event, config=_LATER)
_FROM_HUB: Final[TypeAdapter[FromHub]] = TypeAdapter(Annotated[FromHub, Field(discriminator="type")], config=_LATER)
_FROM_DEVICE: Final[TypeAdapter[FromDevice]] = TypeAdapter(
    Annotated[FromDevice, Field(discriminator="type")], config=_LATER
)


def types_of(models: Iterable[type[WireMessage]]) -> frozenset[str]:
    """What stands in ``type`` of these messages."""
    return frozenset(str(model.model_fields["type"].default) for model in models)


COMMAND_TYPES: Final = types_of(COMMANDS)
EVENT_TYPES: Final = types_of(EVENTS)
NOTICE_TYPES: Final = types_of(NOTICES)
STREAM_TYPES: Final = types_of(STREAM_MESSAGES)
_FROM_HUB_TYPES: Final = COMMAND_TYPES | NOTICE_TYPES | STREAM_TYPES
_FROM_DEVICE_TYPES: Final = EVENT_TYPES | STREAM_TYPES

_REQUEST_ID: Final = re.compile(REQUEST_ID_PATTERN.strip("^$"), re.ASCII)
_SCAN: Final = re.compile(rb'"request_id"[ \t\r\n]{0,8}:[ \t\r\n]{0,8}"([!#-\[\]-~]{1,128})"')
_SCAN_BYTES: Final = 64 * KIB
_ERRORS_NAMED: Final = 3


def parse_command(text: str | bytes) -> AnyCommand:
    """Read a command of at most 1 MiB.

    Raises Problem: TOO_LARGE, MALFORMED_MESSAGE (no JSON object, or fields missing or out of bounds) or
    UNKNOWN_COMMAND, whose message is ``unknown command: TYPE`` as the wire asks.
    """
    return read(_COMMAND, text, MAX_MESSAGE_BYTES, COMMAND_TYPES, ProblemCode.UNKNOWN_COMMAND)


def parse_event(text: str | bytes) -> AnyEvent:
    """Read an event of at most 2 MiB.

    Raises Problem: TOO_LARGE, MALFORMED_MESSAGE or UNKNOWN_EVENT; the last one a hub ignores.
    """
    return read(_EVENT, text, MAX_SOCKET_BYTES, EVENT_TYPES, ProblemCode.UNKNOWN_EVENT)


def parse_from_hub(text: str | bytes) -> FromHub:
    """Read whatever a hub may send, of at most 1 MiB.

    Raises Problem as :func:`parse_command` does.
    """
    return read(_FROM_HUB, text, MAX_MESSAGE_BYTES, _FROM_HUB_TYPES, ProblemCode.UNKNOWN_COMMAND)


def parse_from_device(text: str | bytes) -> FromDevice:
    """Read whatever a device may send, of at most 2 MiB.

    Raises Problem as :func:`parse_event` does.
    """
    return read(_FROM_DEVICE, text, MAX_SOCKET_BYTES, _FROM_DEVICE_TYPES, ProblemCode.UNKNOWN_EVENT)


def encode(message: WireMessage, *, max_bytes: int | None = MAX_MESSAGE_BYTES) -> str:
    """A message as a text frame: optional fields without a value are left out.

    Raises Problem(TOO_LARGE) over ``max_bytes``; None sets no limit.
    """
    text = message.model_dump_json(exclude_none=True)
    size = len(text) if text.isascii() else len(text.encode())
    if max_bytes is not None and size > max_bytes:
        raise _too_large(size, max_bytes, {})
    return text


def read(adapter: TypeAdapter[T], text: str | bytes, limit: int, types: frozenset[str], unknown: ProblemCode) -> T:
    """Read a message of one of ``types``, of at most ``limit`` bytes; ``unknown`` is the code for any other type."""
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if len(raw) > limit:
        raise _too_large(len(raw), limit, _details(_scan(raw), None))
    try:
        return adapter.validate_json(raw)
    except ValidationError as error:
        raise _explain(raw, error, types, unknown) from None


def _explain(raw: bytes, error: ValidationError, types: frozenset[str], unknown: ProblemCode) -> Problem:
    try:
        value = from_json(raw, allow_inf_nan=False)
    except ValueError:
        return _malformed("The message is not JSON. Send one JSON object in a text frame.", _details(_scan(raw), None))
    if not isinstance(value, dict):
        return _malformed("The message is not a JSON object. Send one with a type.", {})
    kind, request_id = value.get("type"), _valid_request_id(value.get("request_id"))
    if not isinstance(kind, str):
        return _malformed("The message has no type. Name one, as a string.", _details(request_id, None))
    if kind not in types:
        shown = re.sub(r"[^!-~]", "?", kind[:100])
        what = "command" if unknown is ProblemCode.UNKNOWN_COMMAND else "event"
        return Problem(unknown, f"unknown {what}: {shown}", _details(request_id, shown))
    wrong = "; ".join(_field_errors(error))
    return _malformed(f"{kind} has wrong fields: {wrong}. Correct them and send it again.", _details(request_id, kind))


def _field_errors(error: ValidationError) -> list[str]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = []
    for item in found[:_ERRORS_NAMED]:
        where = ".".join(re.sub(r"[^!-~]", "?", str(part)[:64]) for part in item["loc"][1:])
        lines.append(f"{where or 'message'}: {item['msg']}")
    return lines


def _valid_request_id(value: object) -> str | None:
    return value if isinstance(value, str) and _REQUEST_ID.fullmatch(value) else None


def _scan(raw: bytes) -> str | None:
    """The request id in text that cannot be parsed: looked for at both ends, believed only when it is the only one."""
    windows = (raw,) if len(raw) <= 2 * _SCAN_BYTES else (raw[:_SCAN_BYTES], raw[-_SCAN_BYTES:])
    found = {match[1] for window in windows for match in _SCAN.finditer(window)}
    return found.pop().decode("ascii") if len(found) == 1 else None


def _details(request_id: str | None, kind: str | None) -> dict[str, JsonValue]:
    pairs: dict[str, JsonValue] = {"request_id": request_id, "type": kind}
    return {name: value for name, value in pairs.items() if value is not None}


def _malformed(message: str, details: dict[str, JsonValue]) -> Problem:
    return Problem(ProblemCode.MALFORMED_MESSAGE, message, details)


def _too_large(size: int, limit: int, details: dict[str, JsonValue]) -> Problem:
    message = f"The message holds {size} bytes and may hold {limit}. Send it in smaller parts."
    return Problem(ProblemCode.TOO_LARGE, message, {**details, "size": size, "limit": limit})
